"""Rows written one at a time."""

from django.db import connection, transaction
from django.db.models import F
from django.forms import modelformset_factory
from django.http import HttpResponse
from festival.models import (
    Band,
    Entry,
    Genre,
    Gig,
    Hall,
    Member,
    Membership,
    Order,
    Page,
    Profile,
)  # fmt: skip
from listings.copying import copied

DONE = "done"


def created(request):
    for number in range(8):
        # ! row-by-row-write bulk_create | Entry.objects.create(text=str(number))
        Entry.objects.create(text=str(number))
    return HttpResponse(DONE)


def saved(request):
    for entry in Entry.objects.all():
        entry.text = "seen"
        # ! row-by-row-write bulk_update | entry.save()
        entry.save()
    return HttpResponse(DONE)


def saved_in_one_transaction(request):
    with transaction.atomic():
        for entry in Entry.objects.all():
            entry.count = 7
            # ! row-by-row-write bulk_update | entry.save(update_fields=["count"])
            entry.save(update_fields=["count"])
    return HttpResponse(DONE)


def updated(request):
    for number in range(1, 7):
        # ! row-by-row-write bulk_update | *
        Entry.objects.filter(pk=number).update(count=F("count") + number)
    return HttpResponse(DONE)


def deleted(request):
    Entry.objects.bulk_create([Entry(text="old") for _ in range(5)])
    for entry in Entry.objects.filter(text="old"):
        # ! row-by-row-write bulk_delete | entry.delete()
        entry.delete()
    return HttpResponse(DONE)


def got_or_created(request):
    for number in range(5):
        # ! row-by-row-write bulk_create | *
        Genre.objects.get_or_create(name=f"new {number}")
    return HttpResponse(DONE)


def updated_or_created(request):
    for number in range(5):
        # ! row-by-row-write bulk_create | *
        Genre.objects.update_or_create(name=f"newer {number}", defaults={"name": f"z {number}"})
    return HttpResponse(DONE)


def added_to_one(request):
    band = Band.objects.get(pk=1)
    band.genres.clear()
    for genre in Genre.objects.all():
        # ! row-by-row-write bulk_create | band.genres.add(genre)
        band.genres.add(genre)
    return HttpResponse(DONE)


def added_to_each(request):
    genre = Genre.objects.create(name="all")
    for band in Band.objects.all():
        # ! row-by-row-write bulk_create | band.genres.add(genre)
        band.genres.add(genre)
    return HttpResponse(DONE)


def joined(request):
    for band in Band.objects.all():
        # ! repeated-query hoist | Member.objects.all()[:2]
        for member in Member.objects.all()[:2]:
            # ! row-by-row-write bulk_create | Membership.objects.create(band=band, member=member)
            Membership.objects.create(band=band, member=member)
    return HttpResponse(DONE)


def cancelled(request):
    for gig in Gig.objects.all():
        gig.cancel()
    return HttpResponse(DONE)


def with_an_override(request):
    for _ in range(4):
        Order().save()
    return HttpResponse(DONE)


def with_a_signal(request):
    for number in range(4):
        # ! row-by-row-write bulk_create | Member.objects.create(name=f"fresh {number}")
        member = Member.objects.create(name=f"fresh {number}")
        # ! row-by-row-write bulk_create | Profile.objects.create(member=member)
        Profile.objects.create(member=member)
    return HttpResponse(DONE)


def in_two_tables(request):
    for number in range(4):
        # ! row-by-row-write bulk_create | Hall.objects.create(name=str(number))
        Hall.objects.create(name=str(number))
    return HttpResponse(DONE)


def by_a_library(request):
    # ! row-by-row-write bulk_create | copied(Genre.objects.all()[:2], 3)
    copied(Genre.objects.all()[:2], 3)
    return HttpResponse(DONE)


def by_a_formset(request):
    formset = modelformset_factory(Entry, fields=["count"], extra=0)
    entries = list(Entry.objects.order_by("pk"))
    data = {"form-TOTAL_FORMS": len(entries), "form-INITIAL_FORMS": len(entries)}
    for number, entry in enumerate(entries):
        data |= {f"form-{number}-id": entry.pk, f"form-{number}-count": number + 50}
    bound = formset(data, queryset=Entry.objects.order_by("pk"))
    # ! row-by-row-write bulk_update | bound.save()
    bound.save()
    return HttpResponse(DONE)


def in_a_transaction_for_each(request):
    for gig in Gig.objects.all():
        with transaction.atomic():
            # ! row-by-row-write bulk_create | gig.remarks.create(text="late")
            gig.remarks.create(text="late")
    return HttpResponse(DONE)


def removed_from_each(request):
    for band in Band.objects.all():
        # ! row-by-row-write bulk_delete | band.genres.clear()
        band.genres.clear()
    return HttpResponse(DONE)


def by_hand(request):
    with connection.cursor() as cursor:
        for number in range(5):
            # ! row-by-row-write bulk_create | *
            cursor.execute("INSERT INTO festival_genre (name) VALUES (%s)", [str(number)])
    return HttpResponse(DONE)


def in_a_comprehension(request):
    # ! row-by-row-write bulk_create | Genre.objects.create(name=name)
    genres = [Genre.objects.create(name=name) for name in "abcdef"]
    return HttpResponse(str(len(genres)))


def all_columns(request):
    page = Page.objects.get(slug="about")
    page.views += 1
    # ! save-all-fields update_fields | page.save()
    page.save()
    return HttpResponse(DONE)
