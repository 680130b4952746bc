"""Visits paths under a recorder, in one mode, through one of Django's handlers; → a snapshot."""

import asyncio
import json
import os
import sys

import django


def main(mode, way, output, *paths):
    from nuages.agent.attach import AttachConfig
    from nuages.record import faults, recorder

    recorder.install(AttachConfig(roots={".": os.getcwd()}, mode=mode))
    django.setup()
    from django.test import AsyncClient, Client

    client = Client(raise_request_exception=False)

    def visit(path):
        response = client.get(path)
        if response.streaming:
            return response.status_code, b"".join(response).decode()
        return response.status_code, response.content.decode()

    async def visit_async(path):
        response = await AsyncClient(raise_request_exception=False).get(path)
        if response.streaming:
            body = b"".join([chunk async for chunk in response])
        else:
            body = response.content
        return response.status_code, body.decode()

    visit("/view/")  # loads
    asyncio.run(visit_async("/view/"))
    recorder.reset()
    if way == "async":
        answers = [asyncio.run(visit_async(path)) for path in paths]
    else:
        answers = [visit(path) for path in paths]
    snapshot = recorder.snapshot()
    again = recorder.snapshot()
    recorder.uninstall()
    uninstalled = [visit(path) for path in paths]
    report = {
        "snapshot": snapshot,
        "again": again,
        "answers": answers,
        "uninstalled": uninstalled,
        "faults": faults.texts,
    }
    with open(output, "w") as file:
        json.dump(report, file)


if __name__ == "__main__":
    sys.path.insert(0, os.getcwd())
    os.environ["DJANGO_SETTINGS_MODULE"] = "layered.settings"
    main(*sys.argv[1:])
