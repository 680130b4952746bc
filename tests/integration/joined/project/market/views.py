import os

from django.contrib.auth import authenticate
from django.contrib.auth import login as log_in
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.http import HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from market.models import Item, Visit


@csrf_exempt
def login(request):
    user = authenticate(username="ann", password="secret")
    log_in(request, user)
    return HttpResponse("in")


def who(request):
    return JsonResponse({"user": request.user.get_username()})


@csrf_exempt
def add(request):
    Item.objects.create(name=request.POST.get("name", "thing"))
    return JsonResponse({"count": Item.objects.count()})


@csrf_exempt
def cart(request):
    if request.method == "POST":
        request.session["cart"] = [*request.session.get("cart", []), request.POST["item"]]
    return JsonResponse({"cart": request.session.get("cart", [])})


@csrf_exempt
def upload(request):
    sent = request.FILES["file"]
    return JsonResponse({"name": default_storage.save(sent.name, ContentFile(sent.read()))})


def file(request, name):
    if not default_storage.exists(name):
        return HttpResponse("missing", status=404)
    with default_storage.open(name) as opened:
        return HttpResponse(opened.read())


def count(request):
    rows = Item.objects.all()
    return JsonResponse({"count": len(rows), "from": rows.db})


async def count_async(request):
    found = [item async for item in Item.objects.all()]
    return JsonResponse({"count": len(found), "async": await Item.objects.acount()})


def get_that_writes(request):
    before = Item.objects.db
    item = Item.objects.create(name="seen")
    found = Item.objects.filter(pk=item.pk)
    return JsonResponse({"before": before, "found": found.count(), "from": found.db})


@csrf_exempt
def raw(request):
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO market_item (name) VALUES ('raw')")
    return JsonResponse({"count": Item.objects.count()})


def in_transaction(request):
    with transaction.atomic():
        return JsonResponse({"from": Item.objects.all().db})


@csrf_exempt
def stats(request):
    if request.method == "POST":
        Visit.objects.create(path="/")
    return JsonResponse({"count": Visit.objects.count(), "from": Visit.objects.all().db})


def remember(request, value):
    cache.set("said", value)
    return HttpResponse("ok")


def recall(request):
    told = {"pid": os.getpid(), "address": request.META["REMOTE_ADDR"]}
    return JsonResponse({"said": cache.get("said"), **told})


def fails(request):
    raise ValueError("on purpose")
