"""A little of everything."""

from django.contrib.auth.models import Group, User
from django.contrib.sites.models import Site

from festival.models import (
    Band,
    Entry,
    Folder,
    Genre,
    Gig,
    Job,
    Member,
    Membership,
    Option,
    Page,
    Profile,
    Remark,
    Ticket,
    Venue,
)  # fmt: skip

ROWS = 6


def fill():
    Site.objects.get_or_create(pk=1, defaults={"domain": "example.org"})
    staff = User.objects.create_superuser("staff", "staff@example.org", "x")
    staff.groups.add(Group.objects.create(name="press"))
    for key in ("profiles", "currency", "theme", "limit", "year", "mail"):
        Option.objects.create(key=key, value=key)
    genres = [Genre.objects.create(name=f"genre {n}") for n in range(ROWS)]
    for number in range(ROWS):
        venue = Venue.objects.create(name=f"venue {number}")
        member = Member.objects.create(name=f"member {number}")
        Profile.objects.create(member=member)
        band = Band.objects.create(name=f"band {number}", home=venue, bio="long " * 10)
        band.genres.add(*genres)
        Membership.objects.create(band=band, member=member)
        gig = Gig.objects.create(title=f"gig {number}", band=band, venue=venue)
        Ticket.objects.create(gig=gig, holder=member, is_paid=True)
        Ticket.objects.create(gig=gig, holder=member)
        Remark.objects.create(text="good", subject=gig if number % 2 else band)
        Entry.objects.create(text=f"entry {number}", band=band)
    parent = None
    for name in ("root", "trunk", "branch", "twig", "leaf"):
        parent = Folder.objects.create(name=name, parent=parent)
    for number in range(3):
        Job.objects.create(name=f"job {number}")
    Page.objects.create(slug="about", body="word " * 2_000, source="text " * 2_000)
