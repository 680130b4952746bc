"""Views that wait for others, and views that only look like it."""

from urllib.request import urlopen

from django.core.mail import send_mail
from django.db import connection, transaction
from django.http import HttpResponse

from shop.client import HOST
from shop.models import Order


def plain(request):
    return HttpResponse(str(Order.objects.count()))


def rates(request):
    return HttpResponse(b",".join(urlopen(f"{HOST}/rate").read() for _ in range(4)))


def pay(request):
    with transaction.atomic():
        Order.objects.create(state="paid")
        urlopen(f"{HOST}/charge", timeout=5).read()
    return HttpResponse("paid")


def pay_later(request):
    with transaction.atomic():
        Order.objects.create(state="paid")
        transaction.on_commit(charge)
    return HttpResponse("paid")


def charge():
    urlopen(f"{HOST}/later", timeout=5).read()


def thanks(request):
    send_mail("Thanks", "…", "shop@example.org", ["a@example.org"])
    return HttpResponse("sent")


def saved(request):
    Order.objects.create(state="saved")
    return HttpResponse("saved")


def audited(request):
    urlopen(f"{HOST}/audit", timeout=5).read()
    return HttpResponse("audited")


def tenant(request):
    with connection.cursor() as cursor:
        cursor.execute("SET search_path TO public")
        cursor.execute("SELECT pg_advisory_lock(%s)", [7])
        cursor.execute("SELECT pg_advisory_unlock(%s)", [7])
    return HttpResponse(str(Order.objects.count()))


def careful(request):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL search_path TO public")
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [7])
    return HttpResponse(str(Order.objects.count()))


def exported(request):
    return HttpResponse(str(sum(1 for _ in Order.objects.iterator())))
