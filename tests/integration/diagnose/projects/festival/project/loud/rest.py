"""Views and serializers of REST framework."""

from festival.models import Band, Entry, Gig, Ticket
from rest_framework import generics, serializers, viewsets


# ! n-plus-one select_related holder | * | rest.py:9
class TicketSerializer(serializers.ModelSerializer):
    holder = serializers.CharField(source="holder.name")

    class Meta:
        model = Ticket
        fields = ["id", "holder"]


class Tickets(generics.ListAPIView):
    queryset = Ticket.objects.all()
    serializer_class = TicketSerializer


class BandSerializer(serializers.ModelSerializer):
    titles = serializers.SerializerMethodField()

    class Meta:
        model = Band
        fields = ["id", "titles"]

    def get_titles(self, band):
        # ! n-plus-one prefetch_related gigs | band.gigs.all() | rest.py:22
        return [gig.title for gig in band.gigs.all()]


class Bands(generics.ListAPIView):
    queryset = Band.objects.all()
    serializer_class = BandSerializer


# ! n-plus-one prefetch_related ticket_set | * | rest.py:39
class NestedSerializer(serializers.ModelSerializer):
    class Meta:
        model = Gig
        fields = ["id", "venue", "ticket_set"]


class GigViewSet(viewsets.ModelViewSet):
    queryset = Gig.objects.all()
    serializer_class = NestedSerializer


# ! row-by-row-write bulk_create | *
class EntrySerializer(serializers.ModelSerializer):
    class Meta:
        model = Entry
        fields = ["text"]


class Entries(generics.CreateAPIView):
    queryset = Entry.objects.all()
    serializer_class = EntrySerializer

    def get_serializer(self, *args, **kwargs):
        return super().get_serializer(*args, many=True, **kwargs)
