"""Visits every place, one after the other, and writes what a tool said of each.

drive.py OUT [TOOL]: without a tool it only visits. Each line of OUT is a place, as JSON.
"""

import asyncio
import io
import json
import os
import sys
from inspect import iscoroutinefunction

ADMIN = {
    "admin_column": "/admin/shop/book/",
    "admin_str": "/admin/shop/review/",
    "admin_joined": "/admin/shop/publisher/",
    "admin_plain": "/admin/shop/author/",
    "admin_searched": "/admin/shop/author/?q=1",
    "admin_options": "/admin/shop/option/",
    "admin_page": "/admin/shop/author/1/change/",
    "admin_index": "/admin/",
}
COMMANDS = ("report", "restock", "tidy")


def places():
    """Name → a function that visits it."""
    from config import urls
    from django.core.management import call_command
    from django.test import AsyncClient, Client

    client = Client()
    client.login(username="staff", password="staff")

    def get(path):
        response = client.get(path)
        assert response.status_code == 200, (path, response.status_code)
        return b"".join(response.streaming_content) if response.streaming else response.content

    async def aget(path):
        response = await AsyncClient().get(path)
        assert response.status_code == 200, (path, response.status_code)

    found = {}
    for module in (*urls.LOUD, *urls.QUIET):
        for name, view in urls.views_of(module).items():
            path = f"/{name}/"
            if iscoroutinefunction(view):
                found[name] = lambda path=path: asyncio.run(aget(path))
            else:
                found[name] = lambda path=path: get(path)
    for name, path in ADMIN.items():
        found[name] = lambda path=path: get(path)
    for name in COMMANDS:
        found[name] = lambda name=name: call_command(name, stdout=io.StringIO())
    return found


def main(out, tool=""):
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    import django

    django.setup()
    listen = getattr(__import__("tools"), tool) if tool else None
    with open(out, "w", encoding="utf-8") as lines:
        for name, visit in places().items():
            if name not in COMMANDS:
                visit()  # once before: what is asked only the first time is nobody's fault
            reports = []
            if listen is None:
                visit()
            else:
                with listen(reports, in_request=name not in COMMANDS):
                    visit()
            print(json.dumps({"place": name, "reports": reports}), file=lines)


if __name__ == "__main__":
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    main(*sys.argv[1:])
