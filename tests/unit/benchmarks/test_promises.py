from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from benchmarks.recorder import promises
from nuages.model import Location, QueryGroup, Recording, Scope, ScopeStats, Statement

ASKED = dict.fromkeys("abcde", 7)
QUERIES = {"a": 1, "b": 51, "c": 5, "d": 4, "e": 6}


def place(text: str) -> Location:
    file, _, line = text.partition(":")
    return Location(file=file, line=int(line))


def groups(view: str, scope: Scope) -> Iterator[QueryGroup]:
    """One kind of query that is followed, and one for all others."""
    expected = promises.EXPECTED[view]
    loops = 50 if view == "b" else 1
    followed_rows = min(expected.rows, 50)
    parts = ((expected.statement, loops, followed_rows),
             ("SELECT 1", QUERIES[view] - loops, expected.rows - followed_rows))  # fmt: skip
    for sql, calls, rows in parts:
        if calls:
            yield QueryGroup(
                scope=scope,
                statement=Statement(sql=f"SELECT {sql}", verb="SELECT"),
                location=place(promises._line(*expected.origin)),
                trigger=place(promises._line("blog/templates/loop.html", "post.author.name")),
                executions=7, calls=7 * calls, loops=7 if loops > 1 else 0,
                per_execution_max=calls, rows=7 * rows, wall_ns=1000, max_ns=10,
                histogram=(7 * calls,),
            )  # fmt: skip


def stats(view: str, kinds: tuple[QueryGroup, ...], scope: Scope) -> ScopeStats:
    expected = promises.EXPECTED[view]
    return ScopeStats(
        scope=scope, executions=7, queries=7 * QUERIES[view], rows=7 * expected.rows,
        wall_ns=9000, cpu_ns=5000, db_ns=sum(kind.wall_ns for kind in kinds),
        statuses={"200": 7}, histogram=(7,), view=expected.view,
    )  # fmt: skip


@pytest.fixture
def whole() -> Recording:
    """A recording of seven requests to each view that holds all that was promised."""
    scopes, kinds = [], []
    for view, expected in promises.EXPECTED.items():
        scope = Scope(kind="request", name=expected.route)
        own = tuple(groups(view, scope))
        kinds += own
        scopes.append(stats(view, own, scope))
    return Recording(mode="light", scopes=tuple(scopes), groups=tuple(kinds))


def broken(recording: Recording) -> list[str]:
    return list(promises.broken(recording, ASKED, QUERIES))


def test_a_whole_recording_breaks_no_promise(whole: Recording):
    assert not broken(whole)


def test_a_lost_request_is_told(whole: Recording):
    first, *others = whole.scopes
    lost = replace(first, executions=6)
    assert broken(replace(whole, scopes=(lost, *others))) == ["GET /one/: executions: 6, not 7"]


def test_a_lost_route_is_told(whole: Recording):
    assert broken(replace(whole, scopes=whole.scopes[1:])) == [
        "GET /one/: 0 scopes of this route"
    ]  # fmt: skip


def test_a_lost_call_site_is_told(whole: Recording):
    groups = tuple(replace(group, location=None) for group in whole.groups)
    assert {line.split(": ")[1] for line in broken(replace(whole, groups=groups))} == {
        "file:line to blame"
    }


def test_a_lost_row_is_told(whole: Recording):
    first, *others = whole.groups
    short = replace(first, rows=first.rows - 1)
    assert broken(replace(whole, groups=(short, *others))) == [
        "GET /one/: rows of statements: 6, not 7"
    ]
