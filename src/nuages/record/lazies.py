"""Hooks on users, sessions and the like, which are loaded once somebody asks a request for them."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from inspect import iscoroutinefunction
from types import ModuleType
from typing import Any

from nuages.record import faults, passings
from nuages.record.changes import attributes_of
from nuages.record.passings import Loading
from nuages.record.patches import Patches

Which = Callable[[Any], Any]


def hook(module: ModuleType, patches: Patches) -> None:
    """Patch django.utils.functional: request.user is a SimpleLazyObject."""
    lazy = module.SimpleLazyObject
    patches.replace(lazy, "_setup", _loading(lazy._setup, _itself))


def hook_users(module: ModuleType, patches: Patches) -> None:
    """Patch django.contrib.auth.middleware: what request.auser calls."""
    if hasattr(module, "auser"):
        patches.replace(module, "auser", _loading_async(module.auser, _auser))


def hook_sessions(module: ModuleType, patches: Patches) -> None:
    """Patch django.contrib.sessions.backends.base: each class of sessions, once there is one."""
    adopted: set[type] = set()
    patched: set[tuple[type, str]] = set()
    original = module.SessionBase.__init__

    @wraps(original)
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807 - stands in for it
        original(self, *args, **kwargs)
        cls = type(self)
        if cls not in adopted:
            adopted.add(cls)
            try:
                _adopt(cls, patched, patches)
            except Exception:
                faults.note()

    patches.replace(module.SessionBase, "__init__", __init__)


def _adopt(cls: type, patched: set[tuple[type, str]], patches: Patches) -> None:
    """Patch the methods where they are defined, once for all classes that inherit them."""
    for name in ("load", "aload"):
        owner = next((c for c in cls.__mro__ if name in vars(c)), None)
        if owner is not None and (owner, name) not in patched:
            patched.add((owner, name))
            method = vars(owner)[name]
            loading = _loading_async if iscoroutinefunction(method) else _loading
            patches.replace(owner, name, loading(method, _itself))


def _itself(lazy: Any) -> Any:
    return lazy


def _auser(request: Any) -> Any:
    return attributes_of(request).get("auser")


def _loading(original: Callable[..., Any], which: Which) -> Callable[..., Any]:
    @wraps(original)
    def load(self: Any, *args: Any, **kwargs: Any) -> Any:
        loading = _begin(which, self)
        try:
            return original(self, *args, **kwargs)
        finally:
            _end(loading)

    return load


def _loading_async(original: Callable[..., Any], which: Which) -> Callable[..., Any]:
    @wraps(original)
    async def load(self: Any, *args: Any, **kwargs: Any) -> Any:
        loading = _begin(which, self)
        try:
            return await original(self, *args, **kwargs)
        finally:
            _end(loading)

    return load


def _begin(which: Which, owner: Any) -> Loading | None:
    try:
        return passings.load(which(owner))
    except Exception:
        faults.note()
        return None


def _end(loading: Loading | None) -> None:
    if loading is None:
        return
    try:
        loading.end()
    except Exception:
        faults.note()
