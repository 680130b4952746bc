"""The places where a process's settings become final, whatever way they came about."""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Callable, Iterator
from typing import Any

from nuages.agent.changes import Changes
from nuages.agent.imports import when_imported


class SettingsHooks:
    """Calls `apply` with each settings object of this process once it is complete."""

    def __init__(self, changes: Changes) -> None:
        self.changes = changes
        self._undo: list[Callable[[], None]] = []
        self._connections_hooked = False
        self._lazy: type = object
        self._stranger: object = None

    def apply(self, holder: Any) -> None:
        """Change a settings object."""
        raise NotImplementedError

    def guard(self, handler: Any, alias: str) -> None:
        """Look at a database before the first connection to it is made."""

    def connected(self, connection: Any, **_: Any) -> None:
        """Look at a connection that has just been opened."""

    def hook(self) -> None:
        """Patch the places where settings, and connections, become final."""
        from django import conf

        self._lazy = conf.LazySettings
        self._after(conf.Settings, "__init__", self.apply)
        self._after(conf.LazySettings, "configure", lambda lazy: self.apply(lazy._wrapped))
        self._undo.append(when_imported("django.db.utils", self._hook_connections))
        self._undo.append(when_imported("django.apps.registry", self._hook_apps))
        lazy = conf.settings
        if lazy.configured:
            self.apply(lazy._wrapped)
            _forget_cached(lazy, self.changes.names)

    def undo(self) -> None:
        """Everything back, last first."""
        for step in reversed(self._undo):
            step()
        self.changes.undo()
        conf = sys.modules.get("django.conf")
        if conf is not None:
            _forget_cached(conf.settings, self.changes.names)

    def hook_connections(self) -> None:
        """For where it is django.db.utils that imports django.conf: nobody can wait for itself."""
        self._hook_connections(importlib.import_module("django.db.utils"))

    def _hook_apps(self, module: Any) -> None:
        self._before(module.Apps, "populate", self._apply_to_stranger)

    def _apply_to_stranger(self, *_: Any) -> None:
        """Settings that a library put in the place of Django's, once they are complete."""
        settings = importlib.import_module("django.conf").settings
        if isinstance(settings, self._lazy) or settings is self._stranger:
            return
        self._stranger = settings
        self.apply(settings)

    def _hook_connections(self, module: Any) -> None:
        if self._connections_hooked:
            return
        from django.db.backends.signals import connection_created

        self._connections_hooked = True
        self._before(module.ConnectionHandler, "create_connection", self.guard)
        connection_created.connect(self.connected, weak=False)
        self._undo.append(lambda: connection_created.disconnect(self.connected))

    def _after(self, owner: type, name: str, then: Callable[[Any], None]) -> None:
        original = getattr(owner, name)

        @functools.wraps(original)
        def wrapper(first: Any, *args: Any, **kwargs: Any) -> Any:
            result = original(first, *args, **kwargs)
            then(first)
            return result

        self._replace(owner, name, original, wrapper)

    def _before(self, owner: type, name: str, first_do: Callable[..., None]) -> None:
        original = getattr(owner, name)

        @functools.wraps(original)
        def wrapper(first: Any, *args: Any, **kwargs: Any) -> Any:
            first_do(first, *args, **kwargs)
            return original(first, *args, **kwargs)

        self._replace(owner, name, original, wrapper)

    def _replace(self, owner: type, name: str, original: object, wrapper: object) -> None:
        setattr(owner, name, wrapper)
        self._undo.append(lambda: setattr(owner, name, original))


def module_of(holder: Any) -> Any:
    """The module the settings came from: old code imports its names directly."""
    return sys.modules.get(getattr(holder, "SETTINGS_MODULE", None) or "")


def _forget_cached(lazy: Any, names: Iterator[str]) -> None:
    for name in names:
        vars(lazy).pop(name, None)
