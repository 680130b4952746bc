"""Migrations that are yet to run: their SQL, and what they would do to columns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def migrations(alias: str = "default") -> list[dict[str, Any]]:
    """Each pending migration of one database, in order.

    `name` ("shop.0007_stock"), `sql` (statements), `alterations` of columns' types (table, column,
    was, now), `unjudged` (operations, or the whole of it, that cannot be told as SQL, with why).
    """
    from django.db import connections
    from django.db.migrations.executor import MigrationExecutor

    connection = connections[alias]
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [_described(executor.loader, connection, migration) for migration, _ in plan]


def count(alias: str) -> int:
    """How many there are."""
    from django.db import connections
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connections[alias])
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _described(loader: Any, connection: Any, migration: Any) -> dict[str, Any]:
    told: dict[str, Any] = {"name": str(migration), "sql": [], "alterations": [], "unjudged": []}
    told["unjudged"] = [
        operation.describe() for operation in migration.operations
        if not operation.reduces_to_sql
    ]  # fmt: skip
    before = loader.project_state((migration.app_label, migration.name), at_end=False)
    try:
        told["alterations"] = list(_alterations(connection, migration, before))
        collected = loader.collect_sql([(migration, False)])
    except Exception as error:  # names of constraints are asked of tables that are not there yet
        told["unjudged"].append(f"all of it: {type(error).__name__}: {error}")
    else:
        told["sql"] = [line for line in collected if not line.startswith("--")]
    return told


def _alterations(connection: Any, migration: Any, before: Any) -> Iterator[dict[str, str]]:
    state = before.clone()
    for operation in migration.operations:
        was = state.clone()
        operation.state_forwards(migration.app_label, state)
        if type(operation).__name__ != "AlterField":
            continue
        names = (migration.app_label, operation.model_name)
        old = was.apps.get_model(*names)._meta.get_field(operation.name)
        new = state.apps.get_model(*names)._meta.get_field(operation.name)
        yield {
            "table": new.model._meta.db_table, "column": new.column or "",
            "was": old.db_type(connection) or "", "now": new.db_type(connection) or "",
        }  # fmt: skip
