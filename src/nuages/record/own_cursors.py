"""Cursors of others' own kinds, whose methods may keep those of Django out, hooks and all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from types import FunctionType, ModuleType
from typing import Any

from nuages.record import calls, cursors, faults
from nuages.record.clocks import perf_counter_ns
from nuages.record.executions import current
from nuages.record.patches import Patches

EXECUTING = ("execute", "_execute", "executemany", "_executemany")
CLASSES = 100  # that are adopted: some programs make one for each cursor


def hook(module: ModuleType, patches: Patches, *, is_deep: bool) -> None:
    """Patch django.db.backends.utils: subclasses of CursorWrapper that are there, or come."""
    wrapper = module.CursorWrapper
    adopt = _adopting(cursors.recording(is_deep=is_deep), patches)
    for cls in _subclasses(wrapper):
        if not cls.__module__.startswith("django.db."):
            adopt(cls)

    def __init_subclass__(cls: Any, /, **kwargs: Any) -> None:  # noqa: N807 - stands in for it
        super(wrapper, cls).__init_subclass__(**kwargs)
        adopt(cls)

    patches.replace(wrapper, "__init_subclass__", classmethod(__init_subclass__))


def _subclasses(cls: Any) -> Iterator[Any]:
    for subclass in cls.__subclasses__():
        yield subclass
        yield from _subclasses(subclass)


def _adopting(record: cursors.Record, patches: Patches) -> Callable[[type], None]:
    adopted: list[str] = []

    def adopt(cls: type) -> None:
        try:
            if len(adopted) >= CLASSES:
                return
            adopted.append(cls.__name__)
            for name in EXECUTING:
                method = vars(cls).get(name)
                if isinstance(method, FunctionType):
                    patches.replace(cls, name, _executing(method, record))
        except Exception:
            faults.note()

    return adopt


def _executing(original: Callable[..., Any], record: cursors.Record) -> Callable[..., Any]:
    """A method that counts what it has asked, unless a hook further in has counted it."""
    is_many = original.__name__.endswith("many")

    @wraps(original)
    def execute(self: Any, *args: Any, **kwargs: Any) -> Any:
        before = _happened()
        start, error = perf_counter_ns(), ""
        try:
            return original(self, *args, **kwargs)
        except BaseException as caught:
            error = type(caught).__name__
            raise
        finally:
            wall_ns = perf_counter_ns() - start
            try:
                if before is not None and before == _happened():
                    sql, params = _asked(*args, **kwargs)
                    asked = None if is_many else params
                    query = record(self, sql, asked, current(), start, wall_ns)
                    query.error = error
                    cursors.put(self, cursors.QUERY, None if error else query)
                    outer = calls.outermost.get()
                    if outer is not None:
                        outer.owe(query)
            except Exception:
                faults.note()

    return execute


def _happened() -> int | None:
    """How many queries and calls were counted; None while a connection is set up: those are not."""
    try:
        return None if calls.is_connecting() else current().happened()
    except Exception:
        faults.note()
        return None


def _asked(sql: Any, params: Any = None, *_: Any, **__: Any) -> tuple[Any, Any]:
    return sql, params
