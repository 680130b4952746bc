"""Calls back once a module has been imported, without importing it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

Callback = Callable[[ModuleType], None]

_waiting: dict[str, list[Callback]] = {}


def when_imported(name: str, callback: Callback) -> Callable[[], None]:
    """Call `callback` with module `name` after its import, at once if that has been; → cancel.

    What the callback raises is the callback's own to catch: it would surface in the import.
    """
    module = sys.modules.get(name)
    if module is not None and not _importing(module):
        callback(module)
        return lambda: None
    _waiting.setdefault(name, []).append(callback)
    if _FINDER not in sys.meta_path:
        sys.meta_path.insert(0, _FINDER)
    return lambda: _cancel(name, callback)


def _cancel(name: str, callback: Callback) -> None:
    callbacks = _waiting.get(name, [])
    if callback in callbacks:
        callbacks.remove(callback)
    if not callbacks:
        _waiting.pop(name, None)
    if not _waiting and _FINDER in sys.meta_path:
        sys.meta_path.remove(_FINDER)


def _importing(module: ModuleType) -> bool:
    return bool(getattr(getattr(module, "__spec__", None), "_initializing", False))


class _Finder:
    """Lets the other finders find a waited-for module, then watches its loader execute it."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name not in _waiting:
            return None
        for finder in sys.meta_path:
            find = getattr(finder, "find_spec", None)
            if finder is self or find is None:
                continue
            spec: ModuleSpec | None = find(name, path, target)
            if spec is not None:
                _watch(spec)
                return spec
        return None


def _watch(spec: ModuleSpec) -> None:
    # The instance is changed and not wrapped: code that tests a loader's type must not notice.
    loader: Any = spec.loader
    execute = getattr(loader, "exec_module", None)
    if execute is None or isinstance(loader, type):
        return

    def exec_module(module: ModuleType) -> None:
        vars(loader).pop("exec_module", None)
        execute(module)
        for callback in _waiting.pop(spec.name, []):
            callback(module)

    try:
        loader.exec_module = exec_module
    except AttributeError:  # a loader with slots: what waits for this module goes without
        return


_FINDER: Any = _Finder()
