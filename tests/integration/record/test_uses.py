"""Deep: which fields of the instances of each load were read, and which instances were used."""

from __future__ import annotations

import django
import pytest

from nuages import store
from nuages.model import LoadUse
from nuages.record.uses import ASKS

NOTES = 12  # 6 rows, the cases run twice
DRAWERS = 4

# The function that made the queryset → the fields of its instances that were read, and by how many.
READS = {
    "listed": {"title": NOTES, "body": 0, "drawer_id": 0},
    "read_hotly": {"title": NOTES, "body": 0, "drawer_id": 0},
    "read_of_one": {"title": 0, "body": 2, "drawer_id": 0},
    "prefetched_forwards": {"title": 0, "body": 0, "drawer_id": NOTES},
    "joined": {"title": 0, "body": 0, "drawer_id": NOTES},
    "deferred": {"title": NOTES},
    "iterated": {"title": NOTES, "body": 0, "drawer_id": 0},
    "raw": {"title": 0, "body": NOTES, "drawer_id": 0},
    "proxied": {"title": NOTES, "body": 0, "drawer_id": 0},
    "inherited": {
        "title": DRAWERS, "body": 0, "drawer_id": 0, "note_ptr_id": DRAWERS, "sender": DRAWERS,
        "seal": 0,
    },
    "parents_of_letters": {"title": 0, "body": DRAWERS, "drawer_id": 0},
    "rendered": {"title": NOTES, "body": 0, "drawer_id": NOTES},
    "serialised": {"title": NOTES, "body": 0, "drawer_id": 0},
    "in_a_form": {"title": 0, "body": NOTES, "drawer_id": 0},
    "in_rest": {"title": NOTES, "body": 0, "drawer_id": NOTES},
    "asynchronously.<locals>.titles": {"title": NOTES, "body": 0, "drawer_id": 0},
    "saved": {"title": NOTES, "body": 0, "drawer_id": 0, "(save)": NOTES},
    "saved_in_part": {"title": 0, "body": 0, "drawer_id": 0},
    "pickled": {"title": NOTES, "body": NOTES, "drawer_id": NOTES},
    "copied": {"title": NOTES, "body": NOTES, "drawer_id": NOTES},
    # Its own __init__ reads `name`; a `closed` descriptor can't be watched.
    "odd": {"name": 4, "file": 4, "amount": 0, "closed": 4, "shouted": 0, "extra": 0},
    "odd_amounts": {"name": 4, "file": 0, "amount": 4, "closed": 4, "shouted": 0, "extra": 0},
    "odd_shouts": {"name": 4, "file": 0, "amount": 0, "closed": 4, "shouted": 4, "extra": 0},
    "generated": {"side": 0, "area": 2},
}  # fmt: skip


@pytest.fixture(scope="module")
def uses(attic: dict) -> tuple[LoadUse, ...]:
    return store.recording_from([attic["snapshot"]]).uses


def root_of(load):
    return root_of(load.parent) if load.parent else load


def of(uses, case, how="query", model=None):
    """The use of the first load whose lineage begins in a case."""
    found = [
        use
        for use in uses
        if use.load.how == how
        and (root := root_of(use.load)).created_at
        and root.created_at.function == case
        and (model is None or use.load.model == model)
    ]
    assert found, case
    return found[0]


@pytest.mark.parametrize("case", READS)
def test_fields_are_known_by_who_read_them(uses, case):
    if case == "generated" and django.VERSION < (5, 0):
        pytest.skip("Django has generated fields since 5.0")
    use = of(uses, case, model=_model_of(case))
    reads = {name: n for name, n in use.fields.items() if name not in {"id", *ASKS}}
    assert reads == READS[case]
    assert use.fields["id"] == use.instances
    assert use.bytes.keys() == use.fields.keys() - {"(save)", *ASKS}


def _model_of(case):
    return {"proxied": "attic.Label", "inherited": "attic.Letter", "generated": "attic.Box"}.get(
        case, "attic.Odd" if case.startswith("odd") else "attic.Note"
    )


def test_instances_reached_but_never_read_are_unused(uses):
    unread = of(uses, "prefetched_unread", how="prefetched")
    assert (unread.fetches, unread.instances, unread.used) == (2, NOTES, 0)
    reads = {name: n for name, n in unread.fields.items() if name not in ASKS}
    assert reads == {"id": NOTES, "title": 0, "body": 0, "drawer_id": NOTES}
    assert of(uses, "prefetched_to_attr_unread", how="prefetched").used == 0
    assert of(uses, "joined_unread", how="joined").used == 0
    assert of(uses, "counted").used == 0


def test_no_level_of_a_nested_prefetch_is_used_by_prefetching_the_next(uses):
    nested = [u for u in uses if root_of(u.load).created_at.function == "nested_unread"]
    assert [(u.load.model, u.used) for u in nested if u.load.how == "prefetched"] == [
        ("attic.Note", 0),
        ("attic.Stamp", 0),
    ]


def test_instances_that_are_read_are_used(uses):
    assert of(uses, "prefetched", how="prefetched").used == NOTES
    assert of(uses, "prefetched_to_attr", how="prefetched").used == NOTES
    assert of(uses, "read_of_one").used == 2
    assert of(uses, "joined", how="joined").used == NOTES
    assert of(uses, "joined").used == NOTES  # though only what hangs on them was read


def test_joined_relations_need_their_keys(uses):
    notes = of(uses, "joined_in_part", model="attic.Note")
    reads = {name: n for name, n in notes.fields.items() if name not in ASKS}
    assert reads == {"id": NOTES, "title": 0, "body": 0, "drawer_id": NOTES}
    backwards = of(uses, "joined_in_part", how="joined", model="attic.Note")
    assert backwards.fields["drawer_id"] == backwards.instances == 8
    assert backwards.fields["body"] == 0


# The function that made the queryset, how its instances came → what else was asked of them.
ASKED = {
    ("listed", "query"): {"(iterated)": 2},
    ("listed_twice", "query"): {"(iterated)": 4, "(counted)": 2},
    ("only_counted", "query"): {"(counted)": 2},
    ("only_tested", "query"): {"(tested)": 2},
    ("tested_in_a_template", "query"): {"(tested)": 2},
    ("counted_in_a_template", "query"): {"(counted)": 2},
    ("answered_from_a_result", "query"): {"(iterated)": 4, "(counted)": 2, "(tested)": 2},
    ("picked", "query"): {},
    ("iterated", "query"): {"(streamed)": 2},
    ("nested_unread", "query"): {"(iterated)": 2},
    ("nested_unread", "prefetched"): {},
    ("prefetched_unread", "prefetched"): {"(counted)": DRAWERS},
    ("prefetched", "prefetched"): {"(iterated)": DRAWERS},
    ("prefetched_to_attr_unread", "prefetched"): {"(reached)": 2},
    ("prefetched_forwards", "prefetched"): {"(reached)": 4},
    ("joined", "joined"): {"(reached)": NOTES},
    ("joined_unread", "joined"): {},
    ("joined_and_tested", "joined"): {"(reached)": NOTES},
    ("reversed_and_looked_for", "joined"): {"(reached)": DRAWERS},
    ("joined_in_part", "joined"): {"(reached)": 2},
}  # fmt: skip


@pytest.mark.parametrize(("case", "how"), ASKED)
def test_what_is_asked_of_what_is_loaded(uses, case, how):
    fields = of(uses, case, how).fields
    assert {name: count for name, count in fields.items() if name in ASKS} == ASKED[case, how]


def test_an_instance_that_is_only_reached_is_not_used(uses):
    assert of(uses, "joined_and_tested", "joined").used == 0


def test_bytes_are_estimated_for_every_loaded_field(uses):
    sizes = of(uses, "listed").bytes
    assert sizes["body"] == 500 * 8  # of 4 of the 6 rows, twice
    assert sizes["title"] == 12 * 6
    assert of(uses, "odd").bytes["extra"] > 4 * 300


def test_what_the_project_sees_is_the_same(attic):
    assert len(attic["plain"]) > 25
    assert attic["recorded"] == attic["plain"]
    assert attic["again"] == attic["plain"]
    assert "recorder_fault" not in attic["snapshot"]["meta"]


def test_fields_of_models_that_were_watched_for_long_enough_are_put_back(attic):
    assert attic["still_switched"] == []
    assert attic["quiet"] == attic["plain"]


def test_the_fields_are_put_back(attic):
    assert attic["switched"] > 10
    assert attic["left"] == []
    assert attic["detached"] == attic["plain"]
