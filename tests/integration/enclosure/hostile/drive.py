"""Runs every escape and prints what came of it, one JSON line each."""

import asyncio
import json
import os
import sys

import django
from django.core.management import call_command
from django.test import AsyncClient, Client

os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))


def main():
    django.setup()
    call_command("migrate", verbosity=0)
    from raids import c_clients, escapes

    raids = list(escapes.RAIDS)
    if "--python-only" not in sys.argv:
        raids += c_clients.RAIDS
    for raid in raids:
        answer = Client().get("/raid/", {"name": raid.__name__}).json()
        print(json.dumps({"name": raid.__name__, **answer}), flush=True)
    Client().get("/thread/")
    asyncio.run(AsyncClient().get("/async/"))
    if "--python-only" not in sys.argv:
        for raid in c_clients.SILENT:
            raid()
    print(json.dumps({"done": True}))


main()
