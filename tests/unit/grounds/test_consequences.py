"""What a bulk write of a model leaves out."""

from __future__ import annotations

from pathlib import Path

import pytest

from nuages.code import Code
from nuages.grounds.consequences import consequences, set_on_save
from nuages.model import FieldFacts, ModelFacts

MODELS = """
from django.db import models

class Stamped(models.Model):
    touched = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True

class Order(Stamped):
    updated = models.DateField(auto_now=True)
    created = models.DateTimeField(auto_now_add=True)

class Other(models.Model):
    seen = models.DateTimeField(auto_now=True)
"""


def model(*fields: str, **rest: object) -> ModelFacts:
    return ModelFacts(
        label="shop.Order",
        table="shop_order",
        file="models.py",
        line=10,
        fields=tuple(FieldFacts(name=n, column=n, kind="DateTimeField") for n in fields),
        **rest,  # type: ignore[arg-type]
    )


def test_signals_that_somebody_listens_to():
    [found] = consequences(model(signals=("post_save", "post_delete")), "INSERT", Code())
    assert found == "post_save of Order, which somebody listens to"


def test_an_override():
    assert consequences(model(overrides=("save", "clean")), "UPDATE", Code()) == ["Order.save()"]
    assert consequences(model(overrides=("delete",)), "DELETE", Code()) == ["Order.delete()"]


def test_columns_in_the_table_of_a_parent():
    [found] = consequences(model(parents=("shop.Paper",)), "UPDATE", Code())
    assert "the table of Paper" in found


@pytest.mark.parametrize("fields", [("path", "depth", "numchild"), ("lft", "rght", "tree_id")])
def test_the_place_in_a_tree(fields):
    assert "its place in the tree" in consequences(model(*fields), "INSERT", Code())[0]


def test_fields_that_are_set_on_each_save(tmp_path: Path):
    (tmp_path / "models.py").write_text(MODELS)
    code = Code({".": str(tmp_path)})
    order = model("touched", "updated", "created", "seen")
    assert set_on_save(order, code) == ["touched", "updated"]
    assert consequences(order, "UPDATE", code) == ["auto_now of touched, updated"]


@pytest.mark.parametrize("verb", ["INSERT", "UPDATE", "DELETE"])
def test_nothing_of_a_plain_model(verb):
    assert consequences(model("created"), verb, Code()) == []


def test_nothing_of_signals_of_another_verb():
    order = model(signals=("post_save", "m2m_changed"), overrides=("save",))
    assert consequences(order, "DELETE", Code()) == []


def test_nothing_of_signals_when_rows_are_deleted_since_a_queryset_sends_them():
    assert consequences(model(signals=("pre_delete",)), "DELETE", Code()) == []


def test_nothing_of_a_model_that_is_not_known():
    assert consequences(None, "INSERT", Code()) == []
