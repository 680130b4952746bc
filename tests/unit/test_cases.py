"""What findings say of all their queries together, and against which time shares are taken."""

from __future__ import annotations

from dataclasses import replace

from tests.unit.rules.recordings import FEED, HOME, MS, POSTS, accessed, at, in_loop, once

from nuages.cases import Case, most_in_one
from nuages.model import QueryGroup, Recording, Scope, ScopeStats

AUTHOR = accessed(POSTS, "author", "fk")


def case(*groups: QueryGroup, **wall_ms: float) -> Case:
    scopes = tuple(
        ScopeStats(
            scope=Scope(kind=name.split("_")[0], name=name), executions=1, wall_ns=int(ms * MS)
        )
        for name, ms in wall_ms.items()
    )
    return Case(Recording(groups=groups, scopes=scopes))


def test_two_places_of_one_request_are_of_one_request():
    groups = in_loop(AUTHOR, 8), in_loop(AUTHOR, 8, location=at(60))
    evidence = case().evidence(groups)
    assert (evidence.calls, evidence.requests, evidence.per_request_max) == (16, 1, 16)
    assert most_in_one(groups) == (FEED, 16)


def test_requests_of_two_routes_are_two():
    evidence = case().evidence((in_loop(AUTHOR, 8), in_loop(AUTHOR, 5, scope=HOME)))
    assert (evidence.calls, evidence.requests, evidence.per_request_max) == (13, 2, 8)


def test_the_most_of_one_execution_may_be_above_the_average():
    many = replace(in_loop(AUTHOR, 9), executions=3, calls=12)
    assert case().evidence((many, once(POSTS))).per_request_max == 9


def test_shares_are_of_the_time_that_the_site_worked():
    seen = case(request_home=100, task_mail=50, process_all=900, test_a=300)
    assert seen.total_ns == 150 * MS
    assert seen.share(15 * MS) == 0.1


def test_a_server_that_waits_is_no_work():
    server = ScopeStats(
        scope=Scope(kind="command", name="manage.py runserver"), executions=1, wall_ns=9_000 * MS
    )
    request = ScopeStats(scope=FEED, executions=1, wall_ns=100 * MS)
    assert Case(Recording(scopes=(server, request))).total_ns == 100 * MS


def test_where_nothing_worked_shares_are_of_all_there_was():
    assert case(test_a=300).total_ns == 300 * MS
