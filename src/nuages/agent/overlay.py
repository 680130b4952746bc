"""Points a project's settings at scratch databases and services, without editing them."""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

from nuages.agent import scratch_databases, scratch_services
from nuages.agent.changes import Changes
from nuages.agent.imports import when_imported


class Config(Protocol):
    """What is needed of an AttachConfig."""

    @property
    def overlay(self) -> Mapping[str, Any] | None: ...
    @property
    def scratch(self) -> str | None: ...


_active: Overlay | None = None


def install(config: Config) -> None:
    """Overlay whatever settings this process loads from now on, and those it has loaded.

    Call it once `django.conf` has been imported. The hooks are where settings become final, so
    it does not matter how they came about: a module, a package, classes, `settings.configure`.
    """
    global _active
    uninstall()
    _active = Overlay(config.overlay or {}, config.scratch)
    try:
        _active.hook()
    except Exception as error:  # going on would mean the project's own databases
        raise SystemExit(
            f"nuages cannot overlay the settings of this process: {error!r}"
        ) from error


def uninstall() -> None:
    """Take the hooks out and put the project's own values back."""
    global _active
    if _active:
        _active.undo()
    _active = None


def applied() -> list[dict[str, str]]:
    """What was changed, in order: `setting`, `was` (secrets masked), `now`, `why`."""
    return [dict(entry) for entry in _active.changes.entries] if _active else []


def originals() -> dict[str, Any]:
    """The settings that were changed, as the project has them; changes.MISSING for one it lacks."""
    return dict(_active.changes.originals) if _active else {}


def own_vendors() -> dict[str, str]:
    """Vendor of each database as the project has it: "postgresql", "sqlite", "mysql", …"""
    return dict(_active.vendors) if _active else {}


class Overlay:
    """The hooks of one process and what they changed."""

    def __init__(self, wanted: Mapping[str, Any], scratch: str | None) -> None:
        self.wanted = wanted
        self.scratch = scratch
        self.target = scratch_databases.Target.of(wanted)
        self.changes = Changes()
        self.vendors: dict[str, str] = {}
        self._undo: list[Callable[[], None]] = []
        self._connections_hooked = False
        self._lazy: type = object
        self._stranger: object = None
        self._places: set[tuple[object, object]] = set()  # databases whose schemas were made

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
        self._before(module.ConnectionHandler, "create_connection", self._guard)
        connection_created.connect(self._make_schemas, weak=False)
        self._undo.append(lambda: connection_created.disconnect(self._make_schemas))

    def apply(self, holder: Any) -> None:
        """Change a settings object. Databases must succeed; a service that fails is noted."""
        # Where it is django.db.utils that imports django.conf, its own import cannot be waited for.
        self._hook_connections(importlib.import_module("django.db.utils"))
        edit = self.changes.of(holder, _module_of(holder))
        if self.target:
            self.vendors |= scratch_databases.vendors(edit.get("DATABASES") or {})
            scratch_databases.apply(edit, self.target)
        if self.wanted.get("services"):
            for service in scratch_services.SERVICES:
                try:
                    service(edit, self.scratch)
                except Exception as error:  # the enclosure still stands behind this
                    edit.note(service.__name__, "left as it is", f"{type(error).__name__}: {error}")
        for name, value in (self.wanted.get("flags") or {}).items():
            edit.set(name, value, "set for this run")

    def undo(self) -> None:
        """Everything back, last first."""
        for step in reversed(self._undo):
            step()
        self.changes.undo()
        conf = sys.modules.get("django.conf")
        if conf is not None:
            _forget_cached(conf.settings, self.changes.names)

    def _guard(self, handler: Any, alias: str) -> None:
        """No connection is made to a database that is not a scratch one.

        Settings may be other objects than Django's, and databases be added while running.
        """
        if self.target:
            database = handler.settings[alias]
            if not self.target.owns(database):
                edit = self.changes.of(None, None)
                scratch_databases.redirect_in_place(edit, self.target, alias, database)

    def _make_schemas(self, connection: Any, **_: Any) -> None:
        """What a search path names exists on the project's server; here it has to be made."""
        place = (connection.alias, connection.settings_dict.get("NAME"))
        names = scratch_databases.schemas(connection.settings_dict)
        if not names or not self.target or place in self._places:
            return
        self._places.add(place)
        with connection.connection.cursor() as cursor:  # past the recorder
            for name in names:
                cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {connection.ops.quote_name(name)}")

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


def _module_of(holder: Any) -> Any:
    """The module the settings came from: old code imports its names directly."""
    return sys.modules.get(getattr(holder, "SETTINGS_MODULE", None) or "")


def _forget_cached(lazy: Any, names: Iterator[str]) -> None:
    for name in names:
        vars(lazy).pop(name, None)
