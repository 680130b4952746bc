"""Small whole projects, written to a folder, for the command line to be pointed at."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

MANAGE = """
import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
"""

SETTINGS = """
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
SECRET_KEY = "not-a-secret"
DEBUG = False
ALLOWED_HOSTS = ["shop.example"]
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth",
                  "django.contrib.sessions", "shop"]
MIDDLEWARE = ["django.contrib.sessions.middleware.SessionMiddleware",
              "django.contrib.auth.middleware.AuthenticationMiddleware"]
ROOT_URLCONF = "shop.urls"
# nuages: ignore[local-database, connection-per-request]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "db.sqlite3"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
"""

MODELS = """
from django.db import models


class Maker(models.Model):
    name = models.CharField(max_length=40)


class Item(models.Model):
    name = models.CharField(max_length=40)
    maker = models.ForeignKey(Maker, on_delete=models.CASCADE)
"""

VIEWS = """
from django.http import JsonResponse

from shop.models import Item


def items(request):
    listed = Item.objects.order_by("pk")[:50]
    return JsonResponse({"items": [{"name": i.name, "maker": i.maker.name} for i in listed]})


def joined(request):
    listed = Item.objects.select_related("maker").order_by("pk")[:50]
    return JsonResponse({"items": [{"name": i.name, "maker": i.maker.name} for i in listed]})
"""

URLS = """
from django.urls import path

from shop import views

urlpatterns = [path("items/", views.items), path("joined/", views.joined)]
"""

MIGRATION = """
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    operations = [
        migrations.CreateModel("Maker", [
            ("id", models.BigAutoField(primary_key=True, serialize=False, auto_created=True,
                                       verbose_name="ID")),
            ("name", models.CharField(max_length=40)),
        ]),
        migrations.CreateModel("Item", [
            ("id", models.BigAutoField(primary_key=True, serialize=False, auto_created=True,
                                       verbose_name="ID")),
            ("name", models.CharField(max_length=40)),
            ("maker", models.ForeignKey("shop.Maker", on_delete=django.db.models.deletion.CASCADE)),
        ]),
    ]
"""

TESTS = """
from django.test import TestCase

from shop.models import Item, Maker


class ItemsTest(TestCase):
    @classmethod
    def setUpTestData(cls):
        for number in range(5):
            maker = Maker.objects.create(name=f"maker {number}")
            Item.objects.create(name=f"item {number}", maker=maker)

    def test_items_name_their_makers(self):
        answer = self.client.get("/items/", headers={"host": "shop.example"})
        self.assertEqual(len(answer.json()["items"]), 5)

    def test_joined_items_name_their_makers(self):
        answer = self.client.get("/joined/", headers={"host": "shop.example"})
        self.assertEqual(answer.json()["items"][0]["maker"], "maker 0")
"""

SHOP: Mapping[str, str] = {
    "manage.py": MANAGE,
    "shop/__init__.py": "",
    "shop/settings.py": SETTINGS,
    "shop/models.py": MODELS,
    "shop/views.py": VIEWS,
    "shop/urls.py": URLS,
    "shop/tests.py": TESTS,
    "shop/migrations/__init__.py": "",
    "shop/migrations/0001_initial.py": MIGRATION,
}


def write_shop(folder: Path, changes: Mapping[str, str] | None = None) -> Path:
    """Write the shop with some of its files changed; return its root."""
    for name, text in {**SHOP, **(changes or {})}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text).lstrip("\n"), encoding="utf-8")
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below the folder but nuages' own, to show that nothing changed."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".nuages" not in path.parts
    }
