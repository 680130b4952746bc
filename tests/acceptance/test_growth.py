"""tune on a driven site asks the same of five times the data, and tells what grew."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.commands import nuages
from tests.acceptance.projects import contents, write_shop

VIEWS = """
from django.http import JsonResponse

from shop.models import Item, Maker


def items(request):
    listed = Item.objects.order_by("pk")[:50]
    return JsonResponse({"items": [{"name": i.name, "maker": i.maker.name} for i in listed]})


def joined(request):
    listed = Item.objects.order_by("-pk")
    return JsonResponse({"items": [{"name": i.name, "maker": i.maker.name} for i in listed]})
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_shop(tmp_path_factory.mktemp("shop"), {"shop/views.py": VIEWS})


@pytest.fixture(scope="module")
def result(root: Path) -> dict[str, Any]:
    before = contents(root)
    run = nuages("tune", "--no-load", "--json", cwd=root)
    assert run.returncode == 1, run.stderr
    assert "grow" in run.stderr
    assert contents(root) == before
    told: dict[str, Any] = json.loads(run.stdout)
    return told


def finding(result: dict[str, Any], rule: str, route: str) -> dict[str, Any]:
    (one,) = (f for f in result["findings"] if f["rule"] == rule and f["routes"] == [route])
    return dict(one)


def test_a_loop_over_a_table_grows_with_it(result: dict[str, Any]) -> None:
    grown = finding(result, "n-plus-one", "GET /joined/")
    figures = grown["evidence"]["figures"]
    assert figures["queries_at_1500_rows"] >= 4 * figures["queries_at_300_rows"]
    assert grown["confidence"] > finding(result, "n-plus-one", "GET /items/")["confidence"]
    assert grown["fix"]["status"] == "verified", grown["fix"]


def test_a_loop_over_a_page_does_not(result: dict[str, Any]) -> None:
    figures = finding(result, "n-plus-one", "GET /items/")["evidence"]["figures"]
    assert figures == {"queries_at_300_rows": 50, "queries_at_1500_rows": 50}


def test_rows_that_grow_with_the_table_are_unbounded_before_they_are_many(
    result: dict[str, Any],
) -> None:
    unbounded = finding(result, "unbounded-result", "GET /joined/")
    figures = unbounded["evidence"]["figures"]
    assert figures["rows_at_300_rows"] < 1_000 <= 2 * figures["rows_at_1500_rows"]


def test_data_of_the_projects_own_is_not_added_to(tmp_path: Path) -> None:
    command = "shop/management/commands/sow.py"
    sow = """
    from django.core.management.base import BaseCommand
    from shop.models import Item, Maker


    class Command(BaseCommand):
        def handle(self, **options):
            for number in range(60):
                maker = Maker.objects.create(name=f"maker {number}")
                Item.objects.create(name=f"item {number}", maker=maker)
    """
    packages = {"shop/management/__init__.py": "", "shop/management/commands/__init__.py": ""}
    root = write_shop(tmp_path, {command: sow, **packages})
    run = nuages("tune", "--no-load", "--json", "--data-command", "sow", cwd=root)
    assert run.returncode == 1, run.stderr
    told = json.loads(run.stdout)
    assert any(note.startswith("growth was not measured") for note in told["coverage"]["notes"])
    assert finding(told, "n-plus-one", "GET /items/")["evidence"]["figures"] == {}


def test_a_project_that_dies_of_more_data_costs_a_note_and_no_finding(tmp_path: Path) -> None:
    dying = """
    import os

    from django.http import JsonResponse

    from shop.models import Item


    def items(request):
        if Item.objects.count() > 400:
            os._exit(3)
        listed = Item.objects.order_by("pk")[:50]
        return JsonResponse({"items": [{"name": i.name, "maker": i.maker.name} for i in listed]})


    def joined(request):
        return JsonResponse({})
    """
    run = nuages("tune", "--no-load", "--json", cwd=write_shop(tmp_path, {"shop/views.py": dying}))
    assert run.returncode == 1, run.stderr
    told = json.loads(run.stdout)
    assert any(note.startswith("growth was not measured") for note in told["coverage"]["notes"])
    found = finding(told, "n-plus-one", "GET /items/")
    assert found["fix"]["status"] == "verified"
    assert found["evidence"]["figures"] == {}
