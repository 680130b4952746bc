"""Visits every route under a recorder and writes the snapshot, for the tests of the recorder."""

import asyncio
import json
import os
import sys

import django
from django.core.management import call_command


def main(mode, output):
    from nuages.agent.attach import AttachConfig
    from nuages.record import executions, recorder

    recorder.install(AttachConfig(roots={".": os.getcwd()}, mode=mode))
    django.setup()
    call_command("migrate", run_syncdb=True, verbosity=0)
    from django.contrib.auth.models import User
    from django.test import AsyncClient, Client

    from shelf.data import fill

    fill()
    user = User.objects.create_superuser("staff", "staff@example.org", "secret")
    recorder.reset()
    figures = {}

    client = Client(raise_request_exception=False)
    for path in [
        "/books/", "/books/1/", "/listed/", "/wrapped/", "/year/2/", "/export/", "/pool/",
        "/thread/", "/managed/", "/broken/", "/nowhere/", "/api/books/", "/api/paged/",
        "/redirected/", "/known/1/", "/known/99/", "/known/1/?early", "/thread/?early",
    ]:  # fmt: skip
        response = client.get(path)
        if response.streaming:
            b"".join(response.streaming_content)
        figures[path] = recorder.last_request()
    client.post("/books/")
    client.get("/export/")  # and never reads it

    client.force_login(user)
    client.get("/admin/shelf/book/")

    async def visit(path):
        response = await AsyncClient().get(path)
        if response.streaming:
            return [chunk async for chunk in response.streaming_content]

    for path in ["/async/", "/export-async/", "/async-books/"]:
        asyncio.run(visit(path))
        figures[path] = recorder.last_request()

    async def leave(path):
        visit = asyncio.create_task(AsyncClient().post(path))
        while not any(e.name.startswith("POST") for e in executions._open.values()):
            await asyncio.sleep(0)
        visit.cancel()
        await asyncio.wait([visit])

    asyncio.run(leave("/redirected/"))  # it asks nothing: its thread goes on without the client
    with open(output, "w") as file:
        json.dump(recorder.snapshot() | {"figures": figures}, file)
    recorder.uninstall()


if __name__ == "__main__":
    sys.path.insert(0, os.getcwd())
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    main(*sys.argv[1:])
