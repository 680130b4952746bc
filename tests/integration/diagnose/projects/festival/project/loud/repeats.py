"""The same question, asked again with the same parameters."""

from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.contrib.sites.models import Site
from django.http import HttpResponse
from festival.models import Band, Gig, Option


def _option(key):
    # ! repeated-query hoist | Option.objects.get(key=key)
    return Option.objects.get(key=key).value


def setting_in_a_loop(request):
    return HttpResponse([_option("currency") for _ in range(6)])


def counted_in_a_loop(request):
    counts = []
    for band in Band.objects.all():
        # ! repeated-query hoist | Gig.objects.filter(is_cancelled=False).count()
        counts.append((band.pk, Gig.objects.filter(is_cancelled=False).count()))
    return HttpResponse(str(counts))


def property_of_one(request):
    band = Band.objects.get(pk=1)
    return HttpResponse(str([band.open_tickets for _ in range(5)]))


def rights_of_one(request):
    user = User.objects.get(username="staff")
    shown = [
        band.name
        for band in Band.objects.all()
        # ! repeated-query hoist | user.groups.filter(name="press").exists()
        if user.groups.filter(name="press").exists()
    ]
    return HttpResponse(str(shown))


def type_of_each(request):
    for band in Band.objects.all():
        # ! repeated-query cache - | ContentType.objects.get(app_label="festival", model="band")
        ContentType.objects.get(app_label="festival", model="band")
    return HttpResponse("")


def site_of_each(request):
    for band in Band.objects.all():
        # ! repeated-query cache - | Site.objects.get(pk=1)
        Site.objects.get(pk=1)
    return HttpResponse("")


def whole_table_for_each(request):
    for band in Band.objects.all():
        # ! repeated-query hoist | Option.objects.all()
        [option for option in Option.objects.all()]
    return HttpResponse("")
