"""What Django's reports of errors ask the database is not the project's."""

from __future__ import annotations

import pytest

ROUTE = "GET /showing/"


@pytest.mark.parametrize("mode", ["light", "deep"])
@pytest.mark.parametrize("way", ["sync", "async"])
def test_the_page_of_debug_shows_querysets_and_is_not_recorded(visit, way, mode):
    seen = visit([], "/showing/", way=way, mode=mode, settings={"LAYERED_DEBUG": "yes"})
    [[status, page]] = seen.answers
    assert status == 500
    # Under ASGI it is made in a thread, whose database in memory is another.
    assert ("Group: readers" if way == "sync" else "no such table: auth_group") in page
    asked = [g.statement.verb for g in seen.recording.groups if g.scope.name == ROUTE]
    assert sorted(asked) == ["CREATE", "INSERT"]
    assert seen.scope(ROUTE).queries == 2
    assert seen.scope(ROUTE).statuses == {"500": 1}
    assert (seen.recording.uses, seen.recording.reuse) == ((), ())
    assert not [c for c in seen.recording.calls if c.kind == "template"]


def test_a_mail_to_the_admins_is_recorded_and_what_it_shows_is_not(visit):
    seen = visit([], "/showing/")
    asked = [g.statement.verb for g in seen.recording.groups if g.scope.name == ROUTE]
    assert sorted(asked) == ["CREATE", "INSERT"]
    assert [c.name for c in seen.recording.calls if c.kind == "outside"] == ["mail"]
