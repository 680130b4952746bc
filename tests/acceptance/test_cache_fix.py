"""tune keeps what every page asks for as long as it is told, and nothing where it is not told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.commands import nuages
from tests.acceptance.projects import SETTINGS, write_shop

TEMPLATES = """
TEMPLATES = [{
    "BACKEND": "django.template.backends.django.DjangoTemplates",
    "DIRS": [BASE_DIR / "templates"],
    "OPTIONS": {"context_processors": ["shop.context.menu"]},
}]
"""
CONTEXT = """
from django.db.models import Count

from shop.models import Item, Maker


def menu(request):
    makers = Maker.objects.annotate(items=Count("item")).order_by("-items", "name")[:5]
    return {"makers": makers, "mine": Item.objects.filter(pk=sum(request.path.encode()) % 97)}
"""
VIEWS = """
from django.shortcuts import render


def page(request):
    return render(request, "page.html")


def about(request):
    return render(request, "page.html", {"about": True})
"""
URLS = """
from django.urls import path

from shop import views

urlpatterns = [path(f"page{n}/", views.page) for n in range(9)] + [path("about/", views.about)]
"""
PAGE = """
{% for maker in makers %}{{ maker.name }}: {{ maker.items }} {% endfor %}
{% for item in mine %}{{ item.name }}{% endfor %}
"""


def project(folder: Path) -> Path:
    files = {
        "shop/settings.py": SETTINGS + TEMPLATES,
        "shop/context.py": CONTEXT,
        "shop/views.py": VIEWS,
        "shop/urls.py": URLS,
        "templates/page.html": PAGE,
    }
    return write_shop(folder, files)


def cacheable(root: Path, *told: str) -> dict[str, Any]:
    run = nuages("tune", "--no-load", "--json", "--rows", "3000", *told, cwd=root)
    result = json.loads(run.stdout)
    (finding,) = (f for f in result["findings"] if f["rule"] == "cacheable-query")
    found: dict[str, Any] = finding
    assert found["location"]["file"] == "shop/context.py"
    return found


@pytest.mark.timeout(240)
def test_with_a_time_it_is_kept_and_the_answers_are_the_same(tmp_path: Path) -> None:
    root = project(tmp_path)
    finding = cacheable(root, "--cache-seconds", "45", "--apply")
    assert finding["fix"]["status"] == "verified", finding["fix"]
    assert "queries of all requests" in finding["fix"]["reason"]
    text = (root / "shop/context.py").read_text("utf-8")
    assert text.startswith("from django.core.cache import cache\n")
    assert '"shop.context.menu.makers"' in text
    assert "        45,\n" in text
    assert '"mine": Item.objects.filter(pk=sum(request.path.encode()) % 97)}' in text


def test_without_a_time_nothing_is(tmp_path: Path) -> None:
    finding = cacheable(project(tmp_path))
    assert finding["fix"]["status"] == "none"
    assert "--cache-seconds" in finding["fix"]["reason"]
