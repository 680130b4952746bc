from django.contrib.contenttypes.models import ContentType
from django.db.models import Count
from rest_framework import mixins, permissions, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response

from .models import Report

KINDS = {"post": ("posts", "post"), "comment": ("posts", "comment")}


class ReportSerializer(serializers.ModelSerializer):
    kind = serializers.ChoiceField(choices=sorted(KINDS), source="content_type.model")

    class Meta:
        model = Report
        fields = ["id", "kind", "object_id", "reason", "state", "created_at"]
        read_only_fields = ["state", "created_at"]

    def create(self, validated):
        kind = validated.pop("content_type")["model"]
        return Report.objects.create(
            content_type=ContentType.objects.get_by_natural_key(*KINDS[kind]), **validated
        )


class ReportViewSet(mixins.CreateModelMixin, mixins.ListModelMixin, viewsets.GenericViewSet):
    serializer_class = ReportSerializer
    permission_classes = [permissions.IsAuthenticated]

    def get_queryset(self):
        reports = Report.objects.select_related("content_type").order_by("-created_at", "-pk")
        if self.request.user.is_staff:
            return reports
        return reports.filter(reporter=self.request.user)

    def perform_create(self, serializer):
        serializer.save(reporter=self.request.user)

    @action(detail=False, permission_classes=[permissions.IsAdminUser])
    def totals(self, request):
        states = dict.fromkeys(Report.State.values, 0)
        counted = Report.objects.order_by().values_list("state").annotate(Count("pk"))
        states.update(counted)
        return Response(states)
