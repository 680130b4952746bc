"""What tests make their data with: one row at a time, and that is fine."""

from festival.models import Entry, Option


def make_entry(text):
    Option.objects.get(key="year")
    return Entry.objects.create(text=text)
