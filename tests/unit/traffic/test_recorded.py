"""What a recording alone tells of the routes that were requested."""

from __future__ import annotations

import pytest

from nuages.model import QueryGroup, Recording, RouteState, Scope, ScopeStats, Statement
from nuages.traffic.recorded import coverage, share_of, unsent


def state_of(name: str, statuses: dict[str, int], *written: str, rows: int = 0) -> RouteState:
    """The state of one route whose requests ran the statements."""
    scope = Scope(kind="request", name=name)
    stats = ScopeStats(scope=scope, executions=1, statuses=statuses, rows=rows)
    groups = tuple(
        QueryGroup(scope=scope, statement=Statement(sql=sql, verb=sql.split()[0]), location=None)
        for sql in written
    )
    (told,) = coverage(Recording(scopes=(stats,), groups=groups)).routes
    return told.state


SAVED = 'INSERT INTO "posts_post" ("title") VALUES (%s)'
MESSAGE = 'UPDATE "django_session" SET "session_data" = %s'


def test_a_form_that_wrote_and_redirects_is_reached() -> None:
    assert state_of("POST /posts/new/", {"302": 1}, SAVED) == "reached"
    assert state_of("DELETE /posts/<int:pk>/", {"303": 1}, 'DELETE FROM "posts_post"') == "reached"


@pytest.mark.parametrize("ran", [(), ('SELECT "id" FROM "posts_post"',), (MESSAGE,)])
def test_a_form_that_wrote_nothing_may_have_been_turned_away(ran: tuple[str, ...]) -> None:
    assert state_of("POST /posts/new/", {"302": 1}, *ran) == "redirected"


def test_a_page_that_redirects_is_not_reached_whatever_it_counts() -> None:
    assert state_of("GET /go/", {"302": 1}, 'UPDATE "links_link" SET "hits" = %s') == "redirected"


def test_an_answer_without_rows_is_empty_unless_a_form_was_taken() -> None:
    assert state_of("POST /posts/new/", {"200": 1}) == "empty"
    assert state_of("POST /posts/new/", {"200": 1, "302": 1}, SAVED) == "reached"
    assert state_of("GET /posts/", {"200": 1}, rows=3) == "reached"


def test_a_recording_alone_does_not_know_all_routes_and_counts_jobs_that_are_work() -> None:
    scopes = (
        ScopeStats(scope=Scope(kind="request", name="GET /"), executions=3),
        ScopeStats(scope=Scope(kind="command", name="manage.py digest"), executions=2),
        ScopeStats(scope=Scope(kind="command", name="manage.py migrate"), executions=1),
        ScopeStats(scope=Scope(kind="task", name="shop.tasks.mail"), executions=4),
        ScopeStats(scope=Scope(kind="test", name="t.py::t"), executions=1),
    )
    alone = coverage(Recording(scopes=scopes))
    assert (alone.is_whole, alone.jobs) == (False, 6)
    listed = iter([{"route": "/"}, {"route": "/feed/"}])
    whole = coverage(Recording(scopes=scopes), routes=listed)
    assert whole.is_whole
    assert [route.route for route in whole.routes] == ["GET /", "GET /feed/"]


def test_what_was_recorded_and_cannot_be_sent_is_listed() -> None:
    weights = {"GET /": 6.0, "POST /orders/": 3.0, "DELETE /orders/<int:pk>/": 1.0}
    assert share_of(weights, {"GET /"}) == 0.6
    told = unsent(weights, {"GET /"})
    assert [each.route for each in told] == ["POST /orders/", "DELETE /orders/<int:pk>/"]
    assert told[0].why.startswith("recorded 3 ×; its arguments and body")
    assert told[1].why == "recorded 1 ×; deletes"
