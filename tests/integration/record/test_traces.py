"""The recorder leaves no trace in what the project keeps, nor in Django once it is gone."""

from __future__ import annotations

import json

import pytest


@pytest.fixture(scope="module")
def left(library, run):
    run("shelf/leave.py", str(library / "left.json"))
    return json.loads((library / "left.json").read_text())


def test_pickles_are_equal_to_the_byte_with_and_without_the_recorder(left):
    assert left["pickles"] == 46
    assert left["different"] == []


def test_every_patch_is_undone(left):
    assert "django.db.models.query:QuerySet._fetch_all" in left["patched"]
    assert "django.db.backends.utils:CursorWrapper._execute" in left["patched"]
    assert len(left["patched"]) >= 20
    assert left["left"] == []
