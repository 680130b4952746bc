"""Reads as they should be, or of which there is only one."""

from concurrent.futures import ThreadPoolExecutor

from django import forms
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.contrib.sites.models import Site
from django.core.paginator import Paginator
from django.db import connection, transaction
from django.db.models import Count, Exists, F, OuterRef, Prefetch, prefetch_related_objects
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from festival.models import (
    Band,
    Entry,
    Folder,
    Genre,
    Gig,
    Member,
    Option,
    Remark,
    Ticket,
    Venue,
)


def _answer(*rows):
    return HttpResponse(str(rows))


def joined(request):
    return _answer([gig.band.name for gig in Gig.objects.select_related("band")])


def joined_far(request):
    return _answer([gig.band.home.city for gig in Gig.objects.select_related("band__home")])


def prefetched(request):
    return _answer(
        [len(gig.ticket_set.all()) for gig in Gig.objects.prefetch_related("ticket_set")]
    )


def prefetched_far(request):
    for band in Band.objects.prefetch_related("gigs__ticket_set__holder", "genres"):
        for gig in band.gigs.all():
            [ticket.holder.name for ticket in gig.ticket_set.all()]
    return _answer()


def prefetched_to_an_attribute(request):
    paid = Prefetch("ticket_set", Ticket.objects.filter(is_paid=True), to_attr="paid")
    return _answer([len(gig.paid) for gig in Gig.objects.prefetch_related(paid)])


def prefetched_later(request):
    gigs = list(Gig.objects.all())
    prefetch_related_objects(gigs, "band", "venue")
    return _answer([(gig.band.name, gig.venue.name) for gig in gigs])


def prefetched_and_filtered_in_python(request):
    gigs = Gig.objects.prefetch_related("ticket_set")
    return _answer([[t.pk for t in gig.ticket_set.all() if t.is_paid] for gig in gigs])


def prefetched_generically(request):
    return _answer([str(r.subject.pk) for r in Remark.objects.prefetch_related("subject")])


def prefetched_generically_by_hand(request):
    remarks = list(Remark.objects.prefetch_related("subject"))
    gigs = [remark.subject for remark in remarks if isinstance(remark.subject, Gig)]
    prefetch_related_objects(gigs, "band")
    return _answer([gig.band.name for gig in gigs])


def annotated(request):
    gigs = Gig.objects.annotate(
        sold=Count("admission"), is_sold=Exists(Ticket.objects.filter(gig=OuterRef("pk")))
    )
    return _answer([(gig.sold, gig.is_sold) for gig in gigs])


def in_bulk(request):
    bands = Band.objects.in_bulk([1, 2, 3])
    return _answer([bands[number].name for number in (1, 2, 3)])


def in_chunks(request):
    numbers = list(range(1, 7))
    found = []
    for start in range(0, 6, 2):
        found += Band.objects.filter(pk__in=numbers[start : start + 2])
    return _answer(len(found))


def in_pages(request):
    paginator = Paginator(Gig.objects.order_by("id").select_related("venue"), 2)
    return _answer([[gig.city for gig in page] for page in paginator])


def from_key_to_key(request):
    last, found = 0, []
    while rows := list(Ticket.objects.filter(pk__gt=last).order_by("pk")[:3]):
        last = rows[-1].pk
        found += rows
    return _answer(len(found))


def keys_only(request):
    return _answer([gig.band_id for gig in Gig.objects.all()])


def values(request):
    return _answer([row["band__name"] for row in Gig.objects.values("band__name")])


def one_row(request):
    gig = get_object_or_404(Gig, pk=1)
    return _answer(gig.band.name, gig.venue.name, gig.ticket_set.count(), gig.ticket_set.first())


def two_rows(request):
    return _answer([gig.band.name for gig in Gig.objects.order_by("id")[:2]])


def kept_on_the_instance(request):
    band = Band.objects.get(pk=1)
    return _answer([band.paid_tickets for _ in range(5)])


def one_instance_again_and_again(request):
    gig = Gig.objects.get(pk=1)
    return _answer([gig.band.name for _ in range(5)])


def hoisted(request):
    options = {option.key: option.value for option in Option.objects.all()}
    return _answer([options["theme"] for _ in range(6)])


def four_questions(request):
    return _answer(
        Band.objects.count(), Gig.objects.count(), Venue.objects.count(), Member.objects.count()
    )


def _value_of(key):
    return Option.objects.get(key=key).value


def three_options(request):
    return _answer(_value_of("currency"), _value_of("theme"), _value_of("limit"))


def asked_twice(request):
    def currency():
        return Option.objects.get(key="currency")

    return _answer(currency(), currency())


def kept_by_django(request):
    for band in Band.objects.all():
        ContentType.objects.get_for_model(band)
        Site.objects.get_current()
    return _answer()


def evaluated_once(request):
    gigs = Gig.objects.select_related("band")
    return _answer(len(gigs), [gig.band.name for gig in gigs], list(gigs), gigs[0])


def in_a_template(request):
    gigs = Gig.objects.select_related("band", "venue").prefetch_related("ticket_set")
    return render(request, "quiet.html", {"gigs": gigs, "site": Site.objects.get_current()})


def in_a_pool(request):
    gigs = list(Gig.objects.select_related("band"))
    with ThreadPoolExecutor(2) as pool:
        return _answer(list(pool.map(lambda gig: gig.band.name, gigs)))


def streamed(request):
    gigs = Gig.objects.select_related("band").prefetch_related("ticket_set")
    return StreamingHttpResponse(
        f"{gig.band.name} {len(gig.ticket_set.all())}" for gig in gigs.iterator(chunk_size=100)
    )


def polled(request):
    """Asks until something has happened, which it causes itself."""
    rounds = 0
    with transaction.atomic():
        while Entry.objects.filter(count__lt=3).order_by("id")[:1].first() and rounds < 4:
            Entry.objects.update(count=F("count") + 1)
            rounds += 1
        transaction.set_rollback(True)
    return _answer(rounds)


def locked(request):
    for _ in range(3):
        with transaction.atomic():
            Option.objects.select_for_update().filter(key="limit").first()
    return _answer()


def clock(request):
    times = []
    with connection.cursor() as cursor:
        for _ in range(4):
            cursor.execute("SELECT CURRENT_TIMESTAMP")
            times.append(cursor.fetchone())
    return _answer(times)


def chosen_at_random(request):
    return _answer([Genre.objects.order_by("?").first() for _ in range(4)])


def refreshed(request):
    gig = Gig.objects.get(pk=1)
    gig.refresh_from_db()
    return _answer(gig)


def choices_kept(request):
    class GigForm(forms.Form):
        venue = forms.ModelChoiceField(queryset=Venue.objects.all())

    return _answer(str(GigForm()))


def rights(request):
    user = User.objects.get(username="staff")
    user.is_superuser = False
    return _answer([user.has_perm(f"festival.view_{name}") for name in ("gig", "band", "page")])


def by_slices(request):
    gigs = Gig.objects.order_by("id")
    return _answer([len(gigs[start : start + 2]) for start in (0, 2, 4)])


def looked_for_then_fetched(request):
    entries = Entry.objects.filter(text="nothing")
    if entries.exists():
        return _answer(entries.first())
    return _answer(entries.count())


def tree_in_one(request):
    leaf = Folder.objects.select_related("parent__parent__parent__parent").get(name="leaf")
    names = []
    while leaf is not None and len(names) < 4:
        names.append(leaf.name)
        leaf = leaf.parent
    return _answer(names)
