"""Visits every route of the project beside it under a recorder, and writes the snapshot."""

import asyncio
import json
import os
import sys

import django
from django.core.management import call_command


def paths():
    from loud import routes as loud
    from quiet import routes as quiet

    for folder, routes in (("loud", loud), ("quiet", quiet)):
        yield from (f"/{folder}/{route.pattern}" for route in routes.urlpatterns)


def visit(path):
    """Each in a transaction that is undone: what one view deletes, the next needs."""
    from django.db import transaction
    from django.test import Client

    client = Client()
    with transaction.atomic():
        if "Entries" in path:
            rows = [{"text": f"posted {number}"} for number in range(5)]
            response = client.post(path, rows, content_type="application/json")
        else:
            response = client.get(path)
        if response.streaming:
            b"".join(response.streaming_content)
        transaction.set_rollback(True)
    return response.status_code


async def wait_for(path):
    from django.test import AsyncClient

    response = await AsyncClient().get(path)
    if response.streaming:
        [chunk async for chunk in response.streaming_content]
    return response.status_code


def work(recorder):
    from django.contrib.auth.models import User
    from django.test import Client
    from festival import tasks
    from festival.models import Entry
    from quiet.made import make_entry

    client = Client()
    client.force_login(User.objects.get(username="staff"))
    client.get("/admin/festival/gig/")
    client.get("/admin/festival/gig/1/change/")
    entries = list(Entry.objects.order_by("-pk"))
    form = {"form-TOTAL_FORMS": len(entries), "form-INITIAL_FORMS": len(entries), "_save": "Save"}
    for number, entry in enumerate(entries):
        form |= {f"form-{number}-id": entry.pk, f"form-{number}-count": number + 10}
    client.post("/admin/festival/entry/", form)
    call_command("report", stdout=open(os.devnull, "w"))
    call_command("wait")
    with recorder.scope("test", "tests/test_entries.py::test_entries"):
        for number in range(5):
            make_entry(str(number))
    with recorder.scope("task", "digest"):
        tasks.digest()
    with recorder.scope("task", "tidy"):
        tasks.tidy()


def main(output):
    from nuages.agent.attach import AttachConfig
    from nuages.record import recorder

    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    recorder.install(AttachConfig(roots={".": os.getcwd()}, mode="deep"))
    django.setup()
    call_command("migrate", "contenttypes", verbosity=0)  # which the festival's tables refer to
    call_command("migrate", run_syncdb=True, verbosity=0)
    from asgiref.sync import iscoroutinefunction
    from django.urls import resolve
    from festival.data import fill

    fill()
    recorder.reset()
    statuses = {}
    for path in paths():
        if iscoroutinefunction(resolve(path).func):
            statuses[path] = asyncio.run(wait_for(path))
        else:
            statuses[path] = visit(path)
    work(recorder)
    with open(output, "w") as file:
        json.dump({"snapshot": recorder.snapshot(), "statuses": statuses}, file)
    recorder.uninstall()


if __name__ == "__main__":
    sys.path.insert(0, os.getcwd())
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    main(*sys.argv[1:])
