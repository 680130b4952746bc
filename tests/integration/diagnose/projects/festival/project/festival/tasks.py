"""What a worker does."""

from festival.models import Entry, Gig


def digest():
    # ! n-plus-one select_related band | gig.band
    return [str(gig.band.name) for gig in Gig.objects.order_by("-id")]


def tidy():
    for entry in Entry.objects.order_by("id"):
        # ! row-by-row-write bulk_delete | entry.delete()
        entry.delete()
