"""Prints the tickets."""

from django.core.management.base import BaseCommand

from festival.models import Entry, Ticket


class Command(BaseCommand):
    def handle(self, **options):
        for ticket in Ticket.objects.order_by("id"):
            # ! n-plus-one select_related gig | ticket.gig
            self.stdout.write(ticket.gig.title)
            # ! row-by-row-write bulk_create | Entry(text="sold").save()
            Entry(text="sold").save()
