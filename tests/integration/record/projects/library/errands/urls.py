"""Routes."""

import http.client
import os

from django.core.cache import cache
from django.http import HttpResponse
from django.urls import path
from django.views.decorators.cache import cache_page


def remembered(request):
    request.session["visits"] = request.session.get("visits", 0) + 1
    return HttpResponse("seen")


@cache_page(60)
def kept(request):
    return HttpResponse("kept")


async def asynchronous(request):
    await cache.aget("a")
    connection = http.client.HTTPConnection("localhost", int(os.environ["ERRANDS_PORT"]))
    connection.request("GET", "/")
    connection.getresponse().read()
    return HttpResponse("done")


urlpatterns = [
    path("remembered/", remembered),
    path("kept/", kept),
    path("async-errand/", asynchronous),
]
