"""Connections and transactions: what they cost, and how long each transaction was open."""

from __future__ import annotations

import pytest

CASES = "errands.connecting."
DONE, UNDONE = {"committed": 1}, {"rolled back": 1}


@pytest.fixture(
    params=[
        ("light", "default"),
        ("deep", "default"),
        pytest.param(("light", "postgres"), marks=pytest.mark.postgres),
        pytest.param(("deep", "postgres"), marks=pytest.mark.postgres),
    ],
    ids="-".join,
)
def databases(request, run_errands):
    """What was recorded of the errands, on each kind of database."""
    return run_errands(*request.param)


def counts(databases, case, kind):
    """Operation → calls and outcomes, on the database that the case is about."""
    groups = databases.each(CASES + case, kind)
    return {
        group.operation: (group.calls, dict(group.outcomes))
        for group in groups
        if group.name != "default" or databases.alias == "default"
    }


def test_the_recorder_had_no_fault(databases):
    assert databases.recording.meta.get("recorder_fault") is None


@pytest.mark.parametrize("case", ["reopened", "prepared", "in_a_thread"])
def test_a_connection_is_opened_and_closed(databases, case):
    assert counts(databases, case, "connection") == {"connect": (1, {}), "close": (1, {})}


def test_queries_that_prepare_a_connection_are_part_of_opening_it(databases):
    scope = databases.scope(CASES + "prepared")
    assert scope.queries == 1
    assert scope.counters["connection_queries"] == 1
    groups = databases.each(CASES + "prepared", "connection")
    assert scope.db_ns + sum(group.wall_ns for group in groups) <= scope.wall_ns
    [opened] = [group for group in groups if group.operation == "connect"]
    assert opened.location.function == "reopened"


def test_a_connection_that_is_refused_names_the_exception(databases):
    [group] = databases.each(CASES + "refused", "connection")
    assert group.name == "elsewhere"
    assert dict(group.outcomes) == {"OperationalError": 1}


def test_a_health_check_is_told_from_an_opening(databases):
    assert counts(databases, "checked", "connection") == {"check": (1, {})}


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        ("committed", {"commit": (1, {}), "open": (1, DONE)}),
        ("rolled_back", {"rollback": (1, {}), "open": (1, UNDONE)}),
        ("failing", {"rollback": (1, {}), "open": (1, UNDONE)}),
        ("by_hand", {"commit": (1, {}), "open": (1, DONE)}),
        ("in_a_thread", {"commit": (1, {}), "open": (1, DONE)}),
        ("abandoned", {"open": (1, UNDONE)}),
    ],
)
def test_a_transaction_is_open_until_it_ends(databases, case, expected):
    assert counts(databases, case, "transaction") == expected


def test_it_is_blamed_on_the_outermost_block(databases):
    groups = databases.each(CASES + "committed", "transaction")
    assert {group.location.function for group in groups} == {"committed"}
    [opened] = [group for group in groups if group.operation == "open"]
    [commit] = [group for group in groups if group.operation == "commit"]
    inserts = databases.queries(CASES + "committed", "INSERT")
    assert opened.wall_ns > sum(group.wall_ns for group in [commit, *inserts])


def test_an_outside_call_inside_is_told_from_one_after_the_commit(databases):
    inside = (1, {**DONE, "outside call inside": 1})
    assert counts(databases, "calling_inside", "transaction")["open"] == inside
    assert counts(databases, "calling_afterwards", "transaction")["open"] == (1, DONE)
    told = {
        name: of_calls(databases, CASES + name) for name in ("calling_inside", "calling_afterwards")
    }
    assert told == {
        "calling_inside": {"2xx": 1, "in transaction": 1},
        "calling_afterwards": {"2xx": 1},
    }


def of_calls(databases, scope):
    """Outcomes of the one outside call of a scope."""
    [call] = databases.each(scope, "outside")
    return dict(call.outcomes)


def test_a_call_within_a_test_cases_own_transaction_is_in_none_of_the_projects(databases):
    assert of_calls(databases, CASES + "Wrapped.test_a_call") == {"2xx": 1}
    assert of_calls(databases, CASES + "Wrapped.test_a_transaction")["in transaction"] == 1


def test_the_transactions_of_test_cases_are_told_from_the_projects_own(databases):
    [own] = [
        group
        for group in databases.each(CASES + "test_cases", "transaction")
        if group.operation == "open"
    ]
    assert own.outcomes["of a test case"] == own.calls == 1
    inside = {"open": (1, {**DONE, "outside call inside": 1})}
    assert counts(databases, "Wrapped.test_a_transaction", "transaction") == inside
    assert counts(databases, "Wrapped.test_a_rollback", "transaction") == {
        "open": (2, {"rolled back": 2})
    }


def test_the_time_a_transaction_is_open_is_no_time_of_its_own(databases):
    scope = CASES + "calling_inside"
    [call] = databases.each(scope, "outside")
    assert databases.scope(scope).counters["split_outside_ns"] == call.wall_ns
