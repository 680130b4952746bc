"""Hooks on COPY through Django's cursors: a query that lasts until its block ends."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial, wraps
from types import ModuleType
from typing import Any

from nuages.record import cursors, faults
from nuages.record.clocks import perf_counter_ns
from nuages.record.executions import current
from nuages.record.patches import Patches

Statement = Callable[..., Any]


def hook(module: ModuleType, patches: Patches, *, is_deep: bool) -> None:
    """Patch django.db.backends.utils, whose cursors pass on what the driver's can do."""
    record = cursors.recording(is_deep=is_deep)
    for name, statement in STATEMENTS.items():
        copier = _Copier(statement, record)
        passed = _Passed(module.CursorWrapper.__getattr__, name, copier)
        patches.replace(module.CursorWrapper, name, passed)


def hook_debug(module: ModuleType, patches: Patches, *, is_deep: bool) -> None:
    """Patch django.db.backends.postgresql.base: while queries are logged its cursors differ."""
    wrapper = module.CursorDebugWrapper
    for name, statement in STATEMENTS.items():
        original = vars(wrapper).get(name)
        if original is not None:
            copier = _Copier(statement, cursors.recording(is_deep=is_deep))
            patches.replace(wrapper, name, _debugging(original, copier))


class _Passed:
    """A method of the driver's cursor, there if that has it."""

    def __init__(self, original: Any, name: str, copier: _Copier) -> None:
        self._original = original
        self._name = name
        self._copier = copier

    def __get__(self, cursor: Any, owner: type) -> Any:
        if cursor is None:
            raise AttributeError(self._name)
        # An AttributeError is __getattr__'s to say, as it was.
        method = cursors.passed(self._original, cursor, self._name)
        return partial(self._copier, cursor, method)


def _debugging(original: Callable[..., Any], copier: _Copier) -> Callable[..., Any]:
    @wraps(original)
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return copier(self, partial(original, self), *args, **kwargs)

    return method


class _Copier:
    """Calls the driver and counts the COPY, once it is over."""

    def __init__(self, statement: Statement, record: cursors.Record) -> None:
        self._statement = statement
        self._record = record

    def __call__(
        self, cursor: Any, method: Callable[..., Any], /, *args: Any, **kwargs: Any
    ) -> Any:
        copy = _Copy(cursor, self._record, partial(self._statement, *args, **kwargs))
        try:
            result = method(*args, **kwargs)
        except BaseException as error:
            copy.end(error)
            raise
        if hasattr(type(result), "__enter__"):
            return _Block(result, copy)
        copy.end(None)
        return result


class _Copy:
    """A COPY that is running."""

    def __init__(self, cursor: Any, record: cursors.Record, statement: Callable[[], Any]) -> None:
        self._cursor = cursor
        self._record = record
        self._statement = statement
        self._started_ns = perf_counter_ns()

    def end(self, error: BaseException | None) -> None:
        """Count it for whoever called the caller."""
        wall_ns = perf_counter_ns() - self._started_ns
        try:
            cursor, sql = self._cursor, self._statement()
            query = self._record(cursor, sql, None, current(), self._started_ns, wall_ns)
            query.error = type(error).__name__ if error is not None else ""
            query.add(0, max(getattr(cursor.cursor, "rowcount", 0), 0))
        except Exception:
            faults.note()


class _Block(AbstractContextManager[Any]):
    """psycopg's block of a COPY."""

    def __init__(self, block: AbstractContextManager[Any], copy: _Copy) -> None:
        self._block = block
        self._copy = copy

    def __enter__(self) -> Any:
        try:
            return self._block.__enter__()
        except BaseException as error:
            self._copy.end(error)
            raise

    def __exit__(self, *exc_info: Any) -> bool | None:
        try:
            result = self._block.__exit__(*exc_info)
        except BaseException as error:
            self._copy.end(error)
            raise
        self._copy.end(exc_info[1])
        return result


def _given(sql: Any, *_: Any, **__: Any) -> Any:
    return sql


def _from(file: Any, table: Any, *_: Any, **__: Any) -> str:
    return f"COPY {table} FROM STDIN"


def _to(file: Any, table: Any, *_: Any, **__: Any) -> str:
    return f"COPY {table} TO STDOUT"


# psycopg's, and psycopg2's.
STATEMENTS: dict[str, Statement] = {
    "copy": _given, "copy_expert": _given, "copy_from": _from, "copy_to": _to
}  # fmt: skip
