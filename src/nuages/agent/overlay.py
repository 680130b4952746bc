"""Points a project's settings at scratch databases and services, without editing them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from nuages.agent import scratch_databases, scratch_services
from nuages.agent.changes import Changes
from nuages.agent.settings_hooks import SettingsHooks, module_of


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


class Overlay(SettingsHooks):
    """The hooks of one process and what they changed."""

    def __init__(self, wanted: Mapping[str, Any], scratch: str | None) -> None:
        super().__init__(Changes())
        self.wanted = wanted
        self.scratch = scratch
        self.target = scratch_databases.Target.of(wanted)
        self.vendors: dict[str, str] = {}
        self._places: set[tuple[object, object]] = set()  # databases whose schemas were made

    def apply(self, holder: Any) -> None:
        """Change a settings object. Databases must succeed; a service that fails is noted."""
        self.hook_connections()
        edit = self.changes.of(holder, module_of(holder))
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

    def guard(self, handler: Any, alias: str) -> None:
        """No connection is made to a database that is not a scratch one.

        Settings may be other objects than Django's, and databases be added while running.
        """
        if self.target:
            database = handler.settings[alias]
            if not self.target.owns(database):
                edit = self.changes.of(None, None)
                scratch_databases.redirect_in_place(edit, self.target, alias, database)

    def connected(self, connection: Any, **_: Any) -> None:
        """What a search path names exists on the project's server; here it has to be made."""
        place = (connection.alias, connection.settings_dict.get("NAME"))
        names = scratch_databases.schemas(connection.settings_dict)
        if not names or not self.target or place in self._places:
            return
        self._places.add(place)
        with connection.connection.cursor() as cursor:  # past the recorder
            for name in names:
                cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {connection.ops.quote_name(name)}")
