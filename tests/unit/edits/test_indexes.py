"""An index goes into Meta, in the layout that is there, with what it needs imported."""

from __future__ import annotations

from textwrap import dedent

import pytest

from nuages.codemod import Refusal
from nuages.codemod.draft import Draft
from nuages.edits import write
from nuages.model import Evidence, Finding, Location, Remedy

ENTRY = 'models.Index(fields=["year"], name="book_year_idx")'


def edited(source: str, *entries: str, model: str = "Book") -> str:
    text = dedent(source).lstrip("\n")
    line = text[: text.index(f"class {model}(")].count("\n") + 1
    place = Location(file="shelf/models.py", line=line, function=model, kind="class")
    draft = Draft(text)
    for entry in entries or (ENTRY,):
        remedy = Remedy(kind="index", code=entry, at=place)
        write(draft, Finding(rule="missing-index", message="", hint="", location=None,
                             evidence=Evidence(), confidence=1, remedy=remedy))  # fmt: skip
    compile(draft.text, "models.py", "exec")
    return draft.text


BARE = """
from django.db import models


class Book(models.Model):
    title = models.CharField(max_length=50)
    year = models.IntegerField()

    def __str__(self):
        return self.title
"""
WITH_META = """
from django.db import models


class Book(models.Model):
    year = models.IntegerField()

    class Meta:
        ordering = ["year"]
"""


def test_a_model_without_meta_gets_one_after_its_fields():
    expected = (
        "    year = models.IntegerField()\n\n    class Meta:\n"
        f"        indexes = [{ENTRY}]\n\n    def __str__(self):\n"
    )
    assert expected in edited(BARE)


def test_meta_gets_a_list():
    assert f'        ordering = ["year"]\n        indexes = [{ENTRY}]\n' in edited(WITH_META)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("indexes = []", f"indexes = [{ENTRY}]"),
        ("indexes = [a]", f"indexes = [a, {ENTRY}]"),
        ("indexes = (a,)", f"indexes = (a, {ENTRY},)"),
        ("indexes = [\n            a,\n        ]",
         f"indexes = [\n            a,\n            {ENTRY},\n        ]"),
        ("pass", f"indexes = [{ENTRY}]"),
    ],
)  # fmt: skip
def test_a_list_that_is_there_gets_longer(line, expected):
    assert expected in edited(WITH_META.replace('ordering = ["year"]', line))


@pytest.mark.parametrize("line", ["indexes = Base.Meta.indexes", "indexes = [a] + more"])
def test_a_list_that_is_made_elsewhere_is_left_alone(line):
    with pytest.raises(Refusal, match="not a list"):
        edited(WITH_META.replace('ordering = ["year"]', line))


def test_two_indexes_of_one_model_and_the_same_one_twice():
    other = ENTRY.replace("year", "title")
    text = edited(BARE, ENTRY, other, ENTRY)
    assert f"        indexes = [{ENTRY}, {other}]\n" in text


def test_what_an_entry_needs_is_imported_in_its_place():
    keys = 'Lower("title"), F("year").desc(nulls_last=True)'
    entry = f'models.Index({keys}, name="i", condition=Q(year=1))'
    text = edited(BARE, entry)
    assert text.startswith(
        "from django.db import models\nfrom django.db.models.functions import Lower\n"
    )
    assert 'models.F("year")' in text
    assert "models.Q(year=1)" in text
    gin = edited(BARE, 'GinIndex(fields=["title"], name="i", opclasses=["gin_trgm_ops"])')
    assert gin.startswith("from django.contrib.postgres.indexes import GinIndex\nfrom django.db ")


def test_an_import_that_is_there_is_used():
    source = BARE.replace(
        "from django.db import models\n",
        "from django.db import models\nfrom django.db.models.functions import Now\n",
    )
    text = edited(source, 'models.Index(Lower("title"), name="i")')
    assert "from django.db.models.functions import Lower, Now\n" in text
    again = edited(text, 'models.Index(Lower("year"), name="k")')
    assert again.count("Lower") == text.count("Lower") + 1


def test_a_file_without_models_is_left_alone():
    with pytest.raises(Refusal, match="does not import models"):
        edited(BARE.replace("from django.db import models", "import django.db.models as models"))
