"""Reading and writing, slow and quick, and a replica that says who it is."""

import os
import sys
import time

from django.core.cache import cache
from django.db import transaction
from django.http import HttpResponse

from tills.models import Entry


def entries(request):
    """Write an entry, or count the latest."""
    if request.method == "POST":
        with transaction.atomic():
            Entry.objects.create(key=request.body.decode())
        return HttpResponse("written", status=201)
    latest = list(Entry.objects.order_by("-pk").values_list("key", flat=True)[:20])
    return HttpResponse(f"{len(latest)} entries\n")


def visits(request):
    """Count a session's visits and a cache's hits."""
    request.session["visits"] = request.session.get("visits", 0) + 1
    seen = cache.get_or_set("since", time.time)
    return HttpResponse(f"{request.session['visits']} {seen:.3f}\n")


def chatty(request):
    """Print to standard output, as many a project does."""
    print("asked for", request.path, file=sys.stdout, flush=True)
    return HttpResponse("said\n")


def slow(request):
    """Take a second."""
    time.sleep(1)
    return HttpResponse("at last\n")


def plain(request):
    """Answer at once, by this process."""
    return HttpResponse(f"{os.getpid()}\n")
