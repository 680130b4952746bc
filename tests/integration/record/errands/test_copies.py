"""COPY: a query that lasts until its block ends, with its rows."""

from __future__ import annotations

import pytest

CASES = "errands.connecting."
pytestmark = pytest.mark.postgres


@pytest.fixture(params=["light", "deep"])
def postgres_errands(request, run_errands):
    """What was recorded of them on PostgreSQL."""
    return run_errands(request.param, "postgres")


@pytest.mark.parametrize("case", ["loaded", "loaded_while_logging"])
def test_rows_that_are_loaded(postgres_errands, case):
    [group] = postgres_errands.queries(CASES + case, "COPY")
    assert group.statement.sql == "COPY shelf_author (name) FROM STDIN"
    assert (group.calls, group.rows, group.shape) == (1, 3, "write")
    assert group.location.function == "loaded"
    assert postgres_errands.scope(CASES + case).queries == 1


def test_rows_that_are_unloaded(postgres_errands):
    [group] = postgres_errands.queries(CASES + "unloaded", "COPY")
    assert (group.calls, group.rows, group.shape) == (1, 2, "raw")
    assert 0 < group.wall_ns <= postgres_errands.scope(CASES + "unloaded").wall_ns


def test_a_failing_copy_names_its_exception(postgres_errands):
    [group] = postgres_errands.queries(CASES + "wrongly_loaded", "COPY")
    assert dict(group.errors) == {"UndefinedTable": 1}


def test_cursors_without_it_are_left_without_it(postgres_errands):
    assert postgres_errands.queries(CASES + "no_copy", "COPY") == []
