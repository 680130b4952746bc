"""Views."""

import itertools
import tempfile

from django.conf import settings
from django.core.cache import cache
from django.db.models import Count
from django.http import HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404

from stalls import counts
from stalls.labels import label
from stalls.models import Category, Order, Product

_numbers = itertools.count()


def categories():
    return list(
        Category.objects.annotate(
            products=Count("product", distinct=True), orders=Count("product__order", distinct=True)
        ).order_by("name")
    )


def page(request, body):
    shown = ", ".join(f"{category.name} {category.products}" for category in categories())
    return HttpResponse(f"{shown}: {body}")


def home(request):
    return page(request, f"home {get_token(request)}")


def product(request, pk):
    found = get_object_or_404(Product, pk=pk)
    counts.seen(pk)
    return page(request, f"{found.name} {next(_numbers)}")


def menu(request):
    rows = Product.objects.annotate(n=Count("order")).order_by("n").values_list("name", "n")
    return JsonResponse({"menu": list(rows)})


def basket(request):
    request.session["visits"] = request.session.get("visits", 0) + 1
    return page(request, str(request.session["visits"]))


def mine(request):
    orders = Order.objects.filter(user_id=1).select_related("product")[:50]
    return page(request, ", ".join(order.product.name for order in orders))


def popular(request):
    return JsonResponse({"popular": counts.most_seen()})


def greeting(request):
    return HttpResponse("good morning")


def upload(request):
    settings.MEDIA_ROOT.mkdir(exist_ok=True)
    with open(settings.MEDIA_ROOT / "last.txt", "w") as file:
        file.write("x")
    with tempfile.TemporaryFile("w") as scratch:
        scratch.write("x")
    return HttpResponse("done")


def like(request, pk):
    cache.add(f"likes-{pk}", 0)
    return HttpResponse(str(cache.incr(f"likes-{pk}")))


def shout(request):
    said = cache.get("said")
    if said is None:
        said = "HELLO"
        cache.set("said", said, 60)
    return HttpResponse(said)


def labels(request):
    number = next(_numbers)
    return HttpResponse(label(chr(97 + number % 7), number))
