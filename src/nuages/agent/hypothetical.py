"""What PostgreSQL would plan if an index were there, by hypopg: nothing is built, nothing run."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from nuages.agent.catalog import CAREFUL
from nuages.errors import NuagesError

NAME = "nuages_asked"


def plans(alias: str, statements: Iterable[Mapping[str, Any]]) -> list[dict[str, Any] | None]:
    """For each {sql, parameters, indexes}: {before, after: [(plan, name of the index) or None]}.

    The SQL has $1, $2, … for its parameters. Their values are not known and not asked for: the
    plan is the generic one, which holds for any. NuagesError without hypopg; None for what fails.
    """
    from django.db import connections, transaction

    connection = connections[alias]
    with transaction.atomic(using=alias), connection.cursor() as cursor:
        for setting in CAREFUL[connection.vendor]:
            cursor.execute(setting)
        cursor.execute("SELECT to_regproc('hypopg_create_index') IS NOT NULL")
        if not cursor.fetchone()[0]:
            raise NuagesError(
                f"hypopg is not installed in the database of {alias!r}",
                hint="CREATE EXTENSION hypopg, or leave out --hypopg: nuages does not create it",
                slug="hypopg",
            )
        cursor.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        return [_asked(connection, cursor, each) for each in statements]


def _asked(connection: Any, cursor: Any, told: Mapping[str, Any]) -> dict[str, Any] | None:
    before = _guarded(connection, cursor, told, None)
    if before is None:
        return None
    after = [_guarded(connection, cursor, told, index) for index in told["indexes"]]
    return {"before": before[0], "after": after}


def _guarded(
    connection: Any, cursor: Any, told: Mapping[str, Any], index: str | None
) -> tuple[Any, str] | None:
    """The plan and the hypothetical index's name; None where the server refuses."""
    from django.db import Error, transaction

    with suppress(Error):
        try:
            with transaction.atomic(using=connection.alias):
                name = ""
                if index is not None:
                    cursor.execute("SELECT indexname FROM hypopg_create_index(%s)", [index])
                    name = cursor.fetchone()[0]
                return _plan(cursor, told), name
        finally:
            _clear(connection, cursor)
    return None


def _plan(cursor: Any, told: Mapping[str, Any]) -> Any:
    cursor.execute(f"PREPARE {NAME} AS {told['sql']}")
    values = ", ".join(["NULL"] * told["parameters"])
    cursor.execute(f"EXPLAIN (FORMAT JSON) EXECUTE {NAME}" + (f"({values})" if values else ""))
    (found,) = cursor.fetchone()
    return (json.loads(found) if isinstance(found, str) else found)[0]


def _clear(connection: Any, cursor: Any) -> None:
    """Both outlive a rollback."""
    from django.db import Error, transaction

    for command in (f"DEALLOCATE {NAME}", "SELECT hypopg_reset()"):
        with suppress(Error), transaction.atomic(using=connection.alias):
            cursor.execute(command)
