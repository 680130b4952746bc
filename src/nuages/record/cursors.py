"""Hooks on Django's cursors: every query of every alias and thread, executed and fetched."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import wraps
from types import ModuleType
from typing import Any

from nuages.record import calls, capture, executions, faults, lineage, shapes, snapshots, statements
from nuages.record.clocks import perf_counter_ns, thread_time_ns
from nuages.record.events import Query, hash_of
from nuages.record.execution import Execution
from nuages.record.executions import current
from nuages.record.patches import Patches

QUERY = "_nuages_query"  # on a cursor: what its fetches are counted to
DONE = object()

# A cursor of the project's own may keep others out, and `vars()` would cost each a dictionary.
put = object.__setattr__

# Statement and shape, by SQL, alias and whether the ORM wrote it.
_seen: statements.Spellings[tuple[int, str]] = statements.Spellings()
_known = _seen.known

Record = Callable[[Any, Any, Any, Execution, int, int], Query]


def hook(module: ModuleType, patches: Patches, *, is_deep: bool) -> None:
    """Patch django.db.backends.utils."""
    wrapper = module.CursorWrapper
    record = recording(is_deep=is_deep)
    patches.replace(wrapper, QUERY, None)
    patches.replace(wrapper, "_execute", _executing(wrapper._execute, record))
    patches.replace(wrapper, "_executemany", _executing(wrapper._executemany, record, many=True))
    passing = wrapper.__getattr__
    for name, rows_in in FETCHES.items():
        patches.replace(wrapper, name, _fetching(passing, name, rows_in))
    patches.replace(wrapper, "__iter__", _iterating)
    patches.replace(wrapper, "callproc", _calling(wrapper.callproc, record))


def recording(*, is_deep: bool) -> Record:
    """What counts a query that its caller has seen, for whoever called that."""
    return _record_deep if is_deep else _record_light


def _executing(  # noqa: C901 - the hot path
    original: Callable[..., Any], record: Record, *, many: bool = False
) -> Callable[..., Any]:
    outermost, running = calls.outermost.get, executions.innermost.get

    @wraps(original)
    def execute(self: Any, sql: Any, params: Any, *wrapper_arguments: Any) -> Any:
        put(self, QUERY, None)
        outer = outermost()
        if outer is not None and calls.serves_connection(outer):
            return original(self, sql, params, *wrapper_arguments)
        cpu = 0
        try:
            execution = running()
            if execution is None or execution.is_ended:
                execution = current()
            cpu = thread_time_ns() if execution.is_sampled else 0
        except Exception:
            faults.note()
            return original(self, sql, params, *wrapper_arguments)
        start = perf_counter_ns()
        try:
            result = original(self, sql, params, *wrapper_arguments)
        except BaseException as error:
            wall_ns = perf_counter_ns() - start
            try:
                query = record(self, sql, None if many else params, execution, start, wall_ns)
                query.error = type(error).__name__
                if outer is not None:
                    outer.owe(query)
            except Exception:
                faults.note()
            raise
        wall_ns = perf_counter_ns() - start
        try:
            if cpu:
                execution.io_cpu_ns += thread_time_ns() - cpu
            query = record(self, sql, None if many else params, execution, start, wall_ns)
            put(self, QUERY, query)
            if outer is not None:
                outer.owe(query)
        except Exception:
            faults.note()
        return result

    return execute


def _calling(original: Callable[..., Any], record: Record) -> Callable[..., Any]:
    @wraps(original)
    def callproc(self: Any, name: str, *args: Any, **kwargs: Any) -> Any:
        start = perf_counter_ns()
        try:
            return original(self, name, *args, **kwargs)
        finally:
            wall_ns = perf_counter_ns() - start
            try:
                params = args[0] if args else None
                query = record(self, f"CALL {name}", params, current(), start, wall_ns)
                put(self, QUERY, query)
            except Exception:
                faults.note()

    return callproc


def _record_light(
    cursor: Any, sql: Any, params: Any, execution: Execution, start: int, wall_ns: int
) -> Query:
    site, trigger, operation, is_orm = capture.place_quickly(sys._getframe(2))
    alias = cursor.db.alias
    try:
        number, shape = _known[sql, alias, is_orm]
    except (KeyError, TypeError):  # TypeError: psycopg's composed SQL has no hash
        number, statement = _statement(cursor, sql, is_raw=not is_orm)
        shape = shapes.of_statement(statement, is_orm=is_orm)
        if type(sql) is str and len(sql) <= statements.LONGEST:
            _seen.keep((sql, alias, is_orm), sql, (number, shape))
    if operation and shape == "other":
        shape = operation
    if execution.kind != "request":  # a request's end will do
        snapshots.touch()
    # Without it no loop is told from the same question asked again; it costs 1 µs.
    asked = _asked(sql, params, is_orm=is_orm) if execution.is_sampled else None
    return execution.query((number, site, site, trigger, 0, shape), asked, start, wall_ns)


def _record_deep(
    cursor: Any, sql: Any, params: Any, execution: Execution, start: int, wall_ns: int
) -> Query:
    seen = capture.trace(sys._getframe(2))
    number, statement = _statement(cursor, sql, is_raw=seen.query is None)
    created, load, shape = _lineage(seen, statement)
    snapshots.touch()
    key = (number, seen.site, created, seen.trigger, load, shape)
    asked = _asked(sql, params, is_orm=seen.query is not None)
    return execution.query(key, asked, start, wall_ns)


def _asked(sql: Any, params: Any, *, is_orm: bool) -> int:
    """Tells queries of one statement apart; a person's SQL may hold in its text what differs.

    Of the ORM's UPDATE only the rows that it is about: one row that is saved again and again with
    other values is no loop over rows.
    """
    if is_orm:
        return hash_of(_of_rows(sql, params) if sql.startswith("UPDATE ") else params)
    return hash((str(sql), hash_of(params)))


def _of_rows(sql: str, params: Any) -> Any:
    count = sql.rpartition(" WHERE ")[2].count("%s") if " WHERE " in sql else 0
    return tuple(params)[-count:] if count and type(params) in (tuple, list) else params


def _statement(cursor: Any, sql: Any, *, is_raw: bool) -> tuple[int, statements.Statement]:
    if hasattr(sql, "as_string"):  # psycopg's composed SQL
        sql = sql.as_string(cursor.cursor)
    database = cursor.db
    number = statements.number(sql, database.alias, database.vendor, is_raw=is_raw)
    found = statements.table[number]
    if found is None:
        found = statements.make(str(sql), database.alias, database.vendor, is_raw=True)
    return number, found


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


def passed(original: Any, cursor: Any, name: str) -> Any:
    """A method that a cursor passes on to the driver's, in the way of its own class."""
    passing = type(cursor).__getattr__
    return getattr(cursor.cursor, name) if passing is original else passing(cursor, name)


def _fetching(original: Any, name: str, rows_in: Callable[[Any], int]) -> Callable[..., Any]:
    def fetch(self: Any, *args: Any, **kwargs: Any) -> Any:
        is_usual = type(self).__getattr__ is original
        method = getattr(self.cursor, name) if is_usual else passed(original, self, name)
        query = self._nuages_query
        if query is None:
            with self.db.wrap_database_errors:
                return method(*args, **kwargs)
        cpu = thread_time_ns() if query.execution.is_sampled else 0
        start = perf_counter_ns()
        with self.db.wrap_database_errors:
            rows = method(*args, **kwargs)
        wall_ns = perf_counter_ns() - start
        try:
            if cpu:
                query.execution.io_cpu_ns += thread_time_ns() - cpu
            if query.tally is None:
                query.wall_ns += wall_ns
                query.rows += rows_in(rows)
            else:
                query.add(wall_ns, rows_in(rows))
        except Exception:
            faults.note()
        return rows

    fetch.__name__ = name
    return fetch


FETCHES: dict[str, Callable[[Any], int]] = {
    "fetchone": _rows_of_one, "fetchmany": len, "fetchall": len
}  # fmt: skip


def _iterating(self: Any) -> Iterator[Any]:
    query = self._nuages_query
    with self.db.wrap_database_errors:
        if query is None:
            yield from self.cursor
            return
        rows = iter(self.cursor)
        while True:
            start = perf_counter_ns()
            row = next(rows, DONE)
            try:
                query.add(perf_counter_ns() - start, row is not DONE)
            except Exception:
                faults.note()
            if row is DONE:
                return
            try:
                yield row
            except GeneratorExit:  # as with `yield from`
                if hasattr(rows, "close"):
                    rows.close()
                raise
