"""Which instances of a load are watched, and what their values weigh."""

from __future__ import annotations

import gc
import weakref
from types import SimpleNamespace

import pytest

from nuages.record import fields, uses
from nuages.record.uses import INSTANCES, SPREAD, WHOLE, Use, Watch


class Row:
    _meta = SimpleNamespace(
        concrete_fields=[
            SimpleNamespace(attname="id", primary_key=True),
            SimpleNamespace(attname="text", primary_key=False),
            SimpleNamespace(attname="absent", primary_key=False),
        ]
    )

    def __init__(self, text="four"):
        self.id, self.text = 1, text
        self._state = SimpleNamespace()


class Described:
    """A field's descriptor, which can be told to tell."""

    def __get__(self, instance, owner=None):
        return self


def fetched(use, count):
    rows = [Row() for _ in range(count)]
    use.fetches += 1
    use.take(rows)
    return [row._state._nuages_read == fields.NOTHING_READ for row in rows]


def test_the_first_fetches_are_watched_whole_and_later_ones_from_first_to_last():
    use = Use(Watch())
    assert all(all(fetched(use, 100)) for _ in range(WHOLE))
    later = fetched(use, 100)
    assert sum(later) == SPREAD
    assert later[0]
    assert any(later[90:])
    assert use.instances == WHOLE * 100 + SPREAD
    assert all(fetched(use, SPREAD))


def test_watching_ends():
    use = Use(Watch())
    use.take([Row()] * INSTANCES)
    assert use.is_complete()
    use.take(late := [Row()])
    assert use.instances == INSTANCES
    assert not hasattr(late[0]._state, fields.READ)


def test_models_made_at_run_time_are_let_go_of(monkeypatch):
    monkeypatch.setattr(uses, "MODELS", 10)

    def make():
        model = type("Made", (Row,), {"text": Described(), "id": 1})
        uses.expect(model)
        return weakref.ref(model)

    made = [make() for _ in range(50)]
    gc.collect()
    assert sum(model() is not None for model in made) == 10
    last = made[-1]()
    assert type(vars(last)["text"]) is not Described
    uses.stop()
    assert type(vars(last)["text"]) is Described


def test_loaded_fields_appear_though_they_were_never_read():
    use = Use(Watch())
    fetched(use, 2)
    figures = use.figures()
    assert figures["fields"] == {"id": 2, "text": 0}
    assert figures["bytes"]["text"] == 8


class Hostile(list):
    def __len__(self):
        raise SystemExit

    __sizeof__ = __iter__ = __len__


@pytest.mark.parametrize(
    ("value", "least"),
    [("é" * 10, 10), (b"abc", 3), (memoryview(b"abcd"), 4), (7, 1), (None, 1), (Hostile(), 1),
     ({"a": ["x" * 500]}, 500), ([[[[["x" * 500]]]]], 50)],
)  # fmt: skip
def test_values_are_weighed_without_their_own_code(value, least):
    assert least <= uses._size(value) < 1_200
