"""Which statements indexes are tried for."""

from __future__ import annotations

from tests.unit.rules.recordings import HOME, POSTS, in_loop, recorded

from nuages.index_trials import asked_in


def test_what_was_not_asked_on_more_data_is_tried_as_well() -> None:
    listed = in_loop(POSTS, sql='SELECT "id" FROM "post"', ms=5)
    again = in_loop(POSTS, sql='SELECT "id" FROM "post"', ms=25)
    slow = in_loop(POSTS, sql='SELECT "id" FROM "comment"', scope=HOME)
    first = recorded(listed, slow)
    both = asked_in(recorded(again), first)
    assert [(group.statement.sql, group.wall_ns) for group in both.groups] == [
        (again.statement.sql, again.wall_ns),
        (slow.statement.sql, slow.wall_ns),
    ]
    assert asked_in(None, first) is first
