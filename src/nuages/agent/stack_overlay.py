"""Makes a project stateless by its environment: settings that point at the parts of a stack."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from nuages.agent import (
    scratch_databases,
    stack_caches,
    stack_databases,
    stack_files,
    stack_logs,
    stack_queues,
    stack_web,
)
from nuages.agent.changes import Changes, Edit
from nuages.agent.settings_hooks import SettingsHooks, module_of
from nuages.agent.stack_config import StackConfig

Stage = Callable[[Edit, StackConfig], None]

STAGES: tuple[Stage, ...] = (
    stack_web.debug,
    stack_web.hosts,
    stack_web.proxy,
    stack_web.cookies,
    stack_web.secret,
    stack_caches.caches,
    stack_caches.sessions,
    stack_files.static,
    stack_files.media,
    stack_queues.celery,
    stack_queues.others,
    stack_queues.outside,
    stack_logs.logs,
)

_active: StackOverlay | None = None


def install(config: StackConfig) -> None:
    """Overlay the settings of this process; SystemExit where its databases cannot be."""
    global _active
    uninstall()
    _active = StackOverlay(config)
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


def refused() -> dict[str, str]:
    """Settings that `keep` left as they are, though they would have been changed, and why."""
    return dict(_active.changes.refused) if _active else {}


class StackOverlay(SettingsHooks):
    """The hooks of one process and what they changed."""

    def __init__(self, config: StackConfig) -> None:
        super().__init__(Changes(kept=config.keep))
        self.config = config
        self._prepared: set[tuple[object, object]] = set()

    def apply(self, holder: Any) -> None:
        """Change a settings object. Databases must succeed; another stage that fails is noted."""
        self.hook_connections()
        edit = self.changes.of(holder, module_of(holder))
        stack_databases.apply(edit, self.config)
        for stage in STAGES:
            try:
                stage(edit, self.config)
            except Exception as error:
                edit.note(stage.__name__, "left as it is", f"{type(error).__name__}: {error}")
        for name, value in self.config.flags.items():
            edit.set(name, value, "set for this run")
        self._write_report()

    def guard(self, handler: Any, alias: str) -> None:
        """No connection is made to a database that is not the stack's."""
        database = handler.settings[alias]
        if not stack_databases.owns(self.config, alias, database):
            edit = self.changes.of(None, None)
            stack_databases.redirect_in_place(edit, self.config, alias, database)

    def connected(self, connection: Any, **_: Any) -> None:
        """Make what a search path names, and give the database what a pool would lose."""
        place = (connection.alias, connection.settings_dict.get("NAME"))
        if not self.config.prepares or connection.vendor != "postgresql" or place in self._prepared:
            return
        self._prepared.add(place)
        quote = connection.ops.quote_name
        with connection.connection.cursor() as cursor:  # past the recorder
            for name in scratch_databases.schemas(connection.settings_dict):
                cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {quote(name)}")
            for name, value in stack_databases.session_settings(connection.settings_dict):
                target = f"DATABASE {quote(place[1])} SET {quote(name)}"
                cursor.execute(f"ALTER {target} = {_literal(name, value)}")

    def _write_report(self) -> None:
        """For the tool to show; the same text from every process, so the last one may win."""
        if not self.config.report:
            return
        told = {"applied": self.changes.entries, "kept": self.changes.refused}
        partial = f"{self.config.report}.{os.getpid()}"
        with suppress(OSError):
            with open(partial, "w", encoding="utf-8") as file:
                json.dump(told, file)
            os.replace(partial, self.config.report)


def _literal(name: str, value: str) -> str:
    """A search path is a list of names; any other value is one string."""
    parts = value.split(",") if name == "search_path" else [value]
    return ", ".join("'" + part.strip(" '\"").replace("'", "''") + "'" for part in parts)
