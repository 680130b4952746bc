"""Classes that bring along what they show."""

from django.views.generic import ListView
from festival.models import Band, Gig
from rest_framework import generics, serializers


class GigTable(ListView):
    queryset = Gig.objects.select_related("band")
    template_name = "gig_list.html"


class BandRowSerializer(serializers.ModelSerializer):
    gigs = serializers.SlugRelatedField(slug_field="title", many=True, read_only=True)
    home = serializers.StringRelatedField()

    class Meta:
        model = Band
        fields = ["id", "gigs", "home"]


class BandRows(generics.ListCreateAPIView):
    queryset = Band.objects.select_related("home").prefetch_related("gigs")
    serializer_class = BandRowSerializer
