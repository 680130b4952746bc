"""Rows asked for one at a time."""

from concurrent.futures import ThreadPoolExecutor

from django import forms
from django.db import connection
from django.db.models import Sum
from django.http import HttpResponse, StreamingHttpResponse
from festival.models import Band, Folder, Genre, Gig, Member, Remark, Ticket, Venue


def _answer(*rows):
    return HttpResponse(str(rows))


def foreign_key(request):
    gigs = Gig.objects.filter(is_cancelled=False)
    # ! n-plus-one select_related band | gig.band
    return _answer([gig.band.name for gig in gigs])


def foreign_keys_in_a_row(request):
    homes = []
    for gig in Gig.objects.select_related("band").order_by("id"):
        # ! n-plus-one select_related band__home | gig.band.home
        homes.append(gig.band.home.city)
    return _answer(homes)


def reverse_one_to_one(request):
    photos = []
    for member in Member.objects.all():
        # ! n-plus-one select_related profile | member.profile
        photos.append(member.profile.photo)
    return _answer(photos)


def many_to_many(request):
    names = []
    for band in Band.objects.touring():
        # ! n-plus-one prefetch_related genres | band.genres.all()
        for genre in band.genres.all():
            names.append(genre.name)
    return _answer(names)


def many_to_many_backwards(request):
    return _answer(
        [
            # ! n-plus-one prefetch_related played_by | len(genre.played_by.all())
            len(genre.played_by.all())
            for genre in Genre.objects.all()
        ]
    )


def reverse_foreign_key(request):
    sold = 0
    for gig in Gig.objects.all():
        # ! n-plus-one prefetch_related ticket_set | len(gig.ticket_set.all())
        sold += len(gig.ticket_set.all())
    return _answer(sold)


def generic_foreign_key(request):
    return _answer(
        [
            # ! n-plus-one prefetch_related subject | remark.subject
            remark.subject.pk
            for remark in Remark.objects.all()
        ]
    )


def generic_relation(request):
    for gig in Gig.objects.all():
        # ! n-plus-one prefetch_related remarks | list(gig.remarks.all())
        list(gig.remarks.all())
    return _answer()


def filtered(request):
    for gig in Gig.objects.all():
        # ! n-plus-one prefetch_related ticket_set | list(gig.ticket_set.filter(is_paid=True))
        list(gig.ticket_set.filter(is_paid=True))
    return _answer()


def defeated(request):
    for gig in Gig.objects.prefetch_related("ticket_set"):
        # ! n-plus-one prefetch_related ticket_set | gig.ticket_set.order_by("-id").first()
        gig.ticket_set.order_by("-id").first()
    return _answer()


def counted(request):
    for gig in Gig.objects.all():
        # ! n-plus-one annotate ticket_set | gig.ticket_set.count()
        gig.ticket_set.count()
    return _answer()


def looked_for(request):
    for gig in Gig.objects.all():
        # ! n-plus-one annotate ticket_set | gig.ticket_set.filter(is_paid=True).exists()
        if gig.ticket_set.filter(is_paid=True).exists():
            continue
    return _answer()


def added_up(request):
    for gig in Gig.objects.all():
        # ! n-plus-one annotate ticket_set | gig.ticket_set.aggregate(Sum("id"))
        gig.ticket_set.aggregate(Sum("id"))
    return _answer()


def deferred(request):
    for band in Band.objects.only("name"):
        # ! n-plus-one only bio | band.bio
        band.bio
    return _answer()


def looked_up_by_key(request):
    for number in range(1, 6):
        # ! n-plus-one in_bulk - | Band.objects.get(pk=number)
        Band.objects.get(pk=number)
    return _answer()


def looked_up_by_a_foreign_key_of_its_own(request):
    for gig in Gig.objects.all():
        # ! n-plus-one none - | list(Ticket.objects.filter(gig=gig))
        list(Ticket.objects.filter(gig=gig))
    return _answer()


def beneath_a_prefetch(request):
    for band in Band.objects.prefetch_related("gigs"):
        for gig in band.gigs.all():
            # ! n-plus-one prefetch_related gigs__venue | gig.venue
            gig.venue.name
    return _answer()


def through_a_property(request):
    return _answer([gig.city for gig in Gig.objects.all()])


def through_str(request):
    return _answer([str(band) for band in Band.objects.all()])


def through_a_method(request):
    return _answer([band.first_genre() for band in Band.objects.all()])


def in_a_pool(request):
    def name(gig):
        # ! n-plus-one select_related venue | gig.venue
        return gig.venue.name

    with ThreadPoolExecutor(2) as pool:
        return _answer(list(pool.map(name, Gig.objects.all())))


def streamed(request):
    def lines():
        for ticket in Ticket.objects.iterator():
            # ! n-plus-one select_related holder | ticket.holder
            yield ticket.holder.name

    return StreamingHttpResponse(lines())


def names_in_raw_sql(request):
    with connection.cursor() as cursor:
        for number in range(1, 6):
            # ! n-plus-one none - | *
            cursor.execute("SELECT name FROM festival_band WHERE id = %s", [number])
            cursor.fetchone()
    return _answer()


def asked_whether_there_is_one(request):
    for member in Member.objects.order_by("id"):
        # ! n-plus-one select_related profile | hasattr(member, "profile")
        hasattr(member, "profile")
    return _answer()


def through_rows_with_columns(request):
    for band in Band.objects.all():
        # ! n-plus-one prefetch_related membership_set | band.membership_set.all()
        for membership in band.membership_set.all():
            # ! n-plus-one prefetch_related membership_set__member | membership.member
            membership.member.name
    return _answer()


def nested(request):
    for venue in Venue.objects.all():
        # ! n-plus-one prefetch_related gig_set | venue.gig_set.all()
        for gig in venue.gig_set.all():
            # ! n-plus-one annotate gig_set__ticket_set | gig.ticket_set.count()
            gig.ticket_set.count()
    return _answer()


def filtered_count(request):
    return _answer([
        # ! n-plus-one annotate gigs | band.gigs.filter(is_cancelled=False).count()
        band.gigs.filter(is_cancelled=False).count()
        for band in Band.objects.all()
    ])  # fmt: skip


def values_of_each(request):
    for band in Band.objects.all():
        # ! n-plus-one prefetch_related gigs | list(band.gigs.values_list("title", flat=True))
        list(band.gigs.values_list("title", flat=True))
    return _answer()


def latest_of_each(request):
    for band in Band.objects.all():
        # ! n-plus-one prefetch_related gigs | band.gigs.latest("id")
        band.gigs.latest("id")
    return _answer()


def up_the_tree(request):
    place, names = Folder.objects.get(name="leaf"), []
    while place is not None:
        names.append(place.name)
        # ! n-plus-one none - | place.parent
        place = place.parent
    return _answer(names)


def down_the_tree(request):
    def names(folder):
        # ! n-plus-one none - | *
        return [folder.name, *(names(each) for each in folder.children.all())]

    return _answer([names(folder) for folder in Folder.objects.filter(parent=None)])


def defeated_with_what_hangs_on_it(request):
    for band in Band.objects.prefetch_related("gigs__venue"):
        # ! n-plus-one prefetch_related gigs | band.gigs.order_by("-id")
        for gig in band.gigs.order_by("-id"):
            gig.venue.name
    return _answer()


def defeated_before_a_count(request):
    for gig in Gig.objects.prefetch_related("ticket_set"):
        # ! n-plus-one annotate ticket_set | gig.ticket_set.filter(is_paid=True).count()
        gig.ticket_set.filter(is_paid=True).count()
    return _answer()


def past_a_prefetch(request):
    for gig in Gig.objects.prefetch_related("ticket_set"):
        # ! n-plus-one prefetch_related ticket_set | gig.ticket_set.all().iterator()
        list(gig.ticket_set.all().iterator())
    return _answer()


def deferred_key(request):
    for gig in Gig.objects.only("title"):
        # ! n-plus-one select_related venue | gig.venue
        gig.venue.name
    return _answer()


def labels_of_a_form(request):
    class GigForm(forms.Form):
        band = forms.ModelChoiceField(queryset=Band.objects.all())

    return _answer(str(GigForm()))
