from django.utils import timezone
from rest_framework import mixins, permissions, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response

from .models import Notification
from .serializers import DeviceSerializer, NotificationSerializer


class NotificationViewSet(viewsets.ReadOnlyModelViewSet):
    """One's own notifications; support sees everybody's."""

    serializer_class = NotificationSerializer
    permission_classes = [permissions.IsAuthenticated]

    def get_queryset(self):
        notifications = Notification.objects.order_by("-created_at", "-pk")
        if self.request.user.is_staff:
            return notifications
        return notifications.filter(recipient=self.request.user)

    @action(detail=False)
    def unread(self, request):
        mine = Notification.objects.filter(recipient=request.user, read_at=None)
        return Response({"unread": mine.count()})

    @action(detail=False, methods=["post"])
    def read(self, request):
        now = timezone.now()
        mine = Notification.objects.filter(recipient=request.user, read_at=None)
        for notification in mine:
            notification.read_at = now
            notification.save(update_fields=["read_at"])
        return Response({"unread": 0})

    @action(detail=False, methods=["post"])
    def clear(self, request):
        mine = Notification.objects.filter(recipient=request.user, read_at__isnull=False)
        deleted, _ = mine.delete()
        return Response({"deleted": deleted})


class DeviceViewSet(
    mixins.CreateModelMixin,
    mixins.DestroyModelMixin,
    mixins.ListModelMixin,
    viewsets.GenericViewSet,
):
    serializer_class = DeviceSerializer
    permission_classes = [permissions.IsAuthenticated]

    def get_queryset(self):
        return self.request.user.devices.order_by("-pk")

    def perform_create(self, serializer):
        serializer.save(user=self.request.user)
