"""Writes of many rows at once, or of one."""

from django.contrib.auth import login
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import F
from django.http import HttpResponse
from django.utils import timezone
from festival.models import Band, Entry, Genre, Gig, Job, Member, Membership, Page, Ticket, Venue


def in_bulk(request):
    Entry.objects.bulk_create([Entry(text=str(n)) for n in range(12)], batch_size=3)
    return HttpResponse("")


def in_batches(request):
    for start in range(0, 12, 3):
        Entry.objects.bulk_create([Entry(text=str(n)) for n in range(start, start + 3)])
    return HttpResponse("")


def in_bulk_without_answers(request):
    genres = [Genre(pk=1000 + n, name=str(n)) for n in range(9)]
    Genre.objects.bulk_create(genres, batch_size=3, ignore_conflicts=True)
    return HttpResponse("")


def updated_in_bulk(request):
    entries = list(Entry.objects.all())
    for entry in entries:
        entry.count = entry.pk
    Entry.objects.bulk_update(entries, ["count"], batch_size=2)
    return HttpResponse("")


def updated_at_once(request):
    Entry.objects.filter(count__lt=100).update(count=F("count") + 1)
    return HttpResponse("")


def deleted_at_once(request):
    for name in ("a", "b"):
        Venue.objects.bulk_create([Venue(name=name) for _ in range(150)])
    Venue.objects.filter(name__in=["a", "b"]).delete()
    return HttpResponse("")


def deleted_with_all_that_hangs_on_it(request):
    with transaction.atomic():
        Band.objects.get(pk=1).delete()
        transaction.set_rollback(True)
    return HttpResponse("")


def set_at_once(request):
    band = Band.objects.get(pk=2)
    band.genres.set(Genre.objects.all()[:4])
    band.genres.add(*Genre.objects.all()[:6])
    return HttpResponse("")


def through_in_bulk(request):
    members = Member.objects.all()
    with transaction.atomic():
        Membership.objects.bulk_create([Membership(band_id=1, member=member) for member in members])
        transaction.set_rollback(True)
    return HttpResponse("")


def saved_once(request):
    entry = Entry.objects.get(pk=1)
    entry.count = 4
    entry.save()
    return HttpResponse("")


def saved_twice(request):
    for entry in Entry.objects.all()[:2]:
        entry.save()
    return HttpResponse("")


def one_of_each(request):
    with transaction.atomic():
        venue = Venue.objects.create(name="new")
        band = Band.objects.create(name="new", home=venue)
        gig = Gig.objects.create(title="new", band=band, venue=venue)
        Ticket.objects.create(gig=gig)
        transaction.set_rollback(True)
    return HttpResponse("")


def savepoints(request):
    for number in range(4):
        with transaction.atomic(), transaction.atomic():
            number += 1
    return HttpResponse("")


def logged_in(request):
    login(request, User.objects.get(username="staff"))
    request.session["seen"] = 1
    request.session.save()
    request.session.save()
    request.session.save()
    return HttpResponse("")


def by_hand(request):
    with connection.cursor() as cursor:
        rows = [[str(number)] for number in range(5)]
        cursor.executemany("INSERT INTO festival_genre (name) VALUES (%s)", rows)
    return HttpResponse("")


def progress(request):
    job = Job.objects.get(pk=1)
    for number in range(5):
        job.progress = number
        job.save()
    return HttpResponse("")


def heartbeat(request):
    for _ in range(5):
        Job.objects.filter(pk=1).update(seen=timezone.now())
    return HttpResponse("")


def claimed_one_by_one(request):
    done = 0
    while done < 3:
        with transaction.atomic():
            job = Job.objects.select_for_update().filter(progress__lt=100).order_by("pk").first()
            job.progress = 100 + done
            job.save()
        done += 1
    return HttpResponse("")


def _note(text):
    Entry.objects.create(text=text)


def noted_now_and_again(request):
    _note("begun")
    _note("half")
    _note("done")
    return HttpResponse("")


def columns_that_changed(request):
    page = Page.objects.get(slug="about")
    page.views += 1
    page.save(update_fields=["views", "updated"])
    return HttpResponse("")


def all_columns_of_a_narrow_row(request):
    entry = Entry.objects.get(pk=2)
    entry.count += 1
    entry.save()
    return HttpResponse("")


def all_columns_that_changed(request):
    page = Page.objects.get(slug="about")
    page.body = page.body + "!"
    page.source = page.source + "!"
    page.save()
    return HttpResponse("")
