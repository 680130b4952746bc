"""Hooks on Django's cursors: every query of every alias and thread, executed and fetched."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import wraps
from time import perf_counter_ns
from types import ModuleType
from typing import Any

from nuages.record import capture, executions, faults, lineage, shapes, snapshots, statements
from nuages.record.patches import Patches

QUERY = "_nuages_query"  # on a cursor: what its fetches are counted to


def hook(module: ModuleType, patches: Patches) -> None:
    """Patch django.db.backends.utils."""
    wrapper = module.CursorWrapper
    patches.replace(wrapper, "_execute", _executing(wrapper._execute, many=False))
    patches.replace(wrapper, "_executemany", _executing(wrapper._executemany, many=True))
    for name in ("fetchone", "fetchmany", "fetchall"):
        patches.replace(wrapper, name, _fetching(name, _rows_of_one if name == "fetchone" else len))
    patches.replace(wrapper, "__iter__", _iterating)
    patches.replace(wrapper, "callproc", _calling(wrapper.callproc))


def _executing(original: Callable[..., Any], *, many: bool) -> Callable[..., Any]:
    @wraps(original)
    def execute(self: Any, sql: Any, params: Any, *wrapper_arguments: Any) -> Any:
        vars(self).pop(QUERY, None)
        start = perf_counter_ns()
        try:
            return original(self, sql, params, *wrapper_arguments)
        finally:
            wall_ns = perf_counter_ns() - start
            try:
                _record(self, sql, None if many else params, wall_ns)
            except Exception:
                faults.note()

    return execute


def _calling(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def callproc(self: Any, name: str, *args: Any, **kwargs: Any) -> Any:
        start = perf_counter_ns()
        try:
            return original(self, name, *args, **kwargs)
        finally:
            wall_ns = perf_counter_ns() - start
            try:
                _record(self, f"CALL {name}", args[0] if args else None, wall_ns)
            except Exception:
                faults.note()

    return callproc


def _record(cursor: Any, sql: Any, params: Any, wall_ns: int) -> None:
    seen = capture.trace(sys._getframe(2))
    if hasattr(sql, "as_string"):  # psycopg's composed SQL
        sql = sql.as_string(cursor.cursor)
    database = cursor.db
    number = statements.number(sql, database.alias, database.vendor, is_raw=seen.query is None)
    statement = statements.table[number]
    if statement is None:
        statement = statements.make(str(sql), database.alias, database.vendor, is_raw=True)
    created, load, shape = _lineage(seen, statement)
    key = (number, seen.site, created, seen.trigger, load, shape)
    vars(cursor)[QUERY] = executions.current().query(
        key, params, counts=not statement.is_transaction, wall_ns=wall_ns
    )
    snapshots.touch()


def _lineage(seen: capture.Trace, statement: statements.Statement) -> tuple[int, int, str]:
    """Site of the creation, load and shape of a query."""
    query = seen.query
    if query is None:
        shape = shapes.of_query(statement, None, None, None, None)
        return 0, 0, shape
    number = vars(query).get(lineage.ATTRIBUTE, 0)
    creation = lineage.creations[number]
    relation = creation.relation if creation else None
    shape = shapes.of_query(statement, query, seen.operation, relation, seen.queryset)
    created = creation.site if creation else 0
    if not seen.in_prefetch:  # there Django itself creates what the project didn't
        created = created or seen.site
    model = getattr(query, "model", None) or getattr(seen.queryset, "model", None)
    if shape == "write" or model is None:
        return created, 0, shape
    context = lineage.prefetching() if seen.in_prefetch else None
    return created, lineage.load_of_query(number, model._meta.label, context), shape


def _rows_of_one(row: Any) -> int:
    return row is not None


def _fetching(name: str, rows_in: Callable[[Any], int]) -> Callable[..., Any]:
    def fetch(self: Any, *args: Any, **kwargs: Any) -> Any:
        method = getattr(self.cursor, name)
        query = vars(self).get(QUERY)
        if query is None:
            with self.db.wrap_database_errors:
                return method(*args, **kwargs)
        start = perf_counter_ns()
        with self.db.wrap_database_errors:
            rows = method(*args, **kwargs)
        wall_ns = perf_counter_ns() - start
        try:
            query.add(wall_ns, rows_in(rows))
        except Exception:
            faults.note()
        return rows

    fetch.__name__ = name
    return fetch


def _iterating(self: Any) -> Iterator[Any]:
    query = vars(self).get(QUERY)
    with self.db.wrap_database_errors:
        if query is None:
            yield from self.cursor
            return
        rows = iter(self.cursor)
        while True:
            start = perf_counter_ns()
            try:
                row = next(rows)
            except StopIteration:
                return
            finally:
                query.add(perf_counter_ns() - start, 0)
            query.add(0, 1)
            yield row
