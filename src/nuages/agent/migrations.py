"""Brings the project's databases to its models: migrations, then fixtures or commands."""

from __future__ import annotations

import io
import re
import shlex
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from nuages.agent import failures, inspect, pending, turns
from nuages.errors import NuagesError


def migrate(command: str | None = None, leave: Sequence[str] = ()) -> dict[str, Any]:
    """Apply all migrations to every alias; `command` replaces it (`migrate_schemas --shared`).

    Of several processes that are told so at once, one does it; the others wait, and find it done.
    `leave` names aliases that are not to be migrated; how many migrations each lacks is in `left`.
    """
    from django.db import connections

    if command and leave:
        raise NuagesError(
            f"`{command}` may migrate every database, and {', '.join(leave)} is not to be",
            hint="name it by --migrate-external, or migrate it yourself and leave that command out",
            slug="external-database",
        )
    aliases = _written(connections)
    mine = [alias for alias in aliases if alias not in leave]
    with turns.taken(mine):
        applied = sum(map(_applied, _commands(command, mine)))
    for alias in connections:
        with suppress(Exception):
            inspect.tables(alias, again=True)
    left = {alias: pending.count(alias) for alias in aliases if alias in leave}
    return {"applied": applied, "left": left}


def _commands(command: str | None, aliases: list[str]) -> list[list[str]]:
    if command:
        return [shlex.split(command)]
    return [["migrate", "--noinput", "--run-syncdb", f"--database={alias}"] for alias in aliases]


def _written(connections: Any) -> list[str]:
    """Aliases with a database of their own: mirrors read what another alias writes."""
    own: dict[str, str] = {}
    for alias in connections:
        configured = connections.settings[alias]
        if not configured.get("TEST", {}).get("MIRROR") and configured.get("ENGINE"):
            own.setdefault(f"{configured.get('HOST')}:{configured.get('NAME')}", alias)
    return list(own.values())


def _applied(argv: list[str]) -> int:
    from django.core.management import call_command

    said = io.StringIO()
    try:
        call_command(*argv, stdout=said, stderr=said, no_color=True)
    except NuagesError:
        raise
    except BaseException as error:
        raise _failed(argv, said.getvalue(), error) from error
    return len(re.findall(r"^\s*Applying .* OK$", said.getvalue(), re.M))


def _failed(argv: list[str], said: str, error: BaseException) -> BaseException:
    """Which migration it was, from what `migrate` printed last."""
    if failures.missing_variable(error) is not None:
        return error
    running = re.findall(r"Applying ([\w.]+)\.\.\.(?! OK)", said)
    what = f"migration {running[-1]}" if running else f"`{' '.join(argv)}`"
    hint = (
        "does `python manage.py migrate` work from an empty database? "
        "[tool.nuages] migrate names another command"
    )
    return NuagesError(
        f"{what} failed: {type(error).__name__}: {_first_line(error)}",
        hint=hint,
        detail=failures.brief(error),
        slug="migration-failed",
    )


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [""])[0][:200]


def command(argv: list[str]) -> dict[str, Any]:
    """Run a management command of the project; its output goes to standard error."""
    from django.core.management import call_command

    try:
        call_command(*argv)
    except SystemExit as error:
        if error.code not in (0, None):
            raise
    return {}


def load_fixtures(paths: list[str]) -> dict[str, Any]:
    return command(["loaddata", *paths])
