"""The migrations that new indexes of the models ask for, as Django would write them."""

from __future__ import annotations

import re
from typing import Any

CONCURRENTLY = "AddIndexConcurrently"


def missing(names: list[str], vendors: dict[str, str]) -> dict[str, dict[str, str]]:
    """App label → {"path", "text"} of the migration that adds the indexes of these names.

    {"reason"} for an app whose models are ahead of its migrations in other ways, or that has none.
    `vendors`: of the project's own databases, by alias; on PostgreSQL the table stays writable
    while its index is made.
    """
    from django.apps import apps
    from django.db.migrations.autodetector import MigrationAutodetector
    from django.db.migrations.loader import MigrationLoader
    from django.db.migrations.questioner import NonInteractiveMigrationQuestioner
    from django.db.migrations.state import ProjectState

    loader = MigrationLoader(None, ignore_no_migrations=True)
    detector = MigrationAutodetector(
        loader.project_state(), ProjectState.from_apps(apps), NonInteractiveMigrationQuestioner()
    )
    wanted = frozenset(names)
    found = {}
    for label, migrations in detector.changes(graph=loader.graph).items():
        operations = [operation for each in migrations for operation in each.operations]
        own = [operation for operation in operations if _index_name(operation) in wanted]
        if own and len(own) < len(operations):
            found[label] = {"reason": f"makemigrations has other changes of {label} to write first"}
        elif own:
            found[label] = _written(migrations[0], own, label, vendors)
    return found


def _index_name(operation: Any) -> str:
    index = getattr(operation, "index", None)
    return str(getattr(index, "name", ""))


def _written(
    migration: Any, operations: list[Any], label: str, vendors: dict[str, str]
) -> dict[str, str]:
    from django.db.migrations.writer import MigrationWriter

    migration.operations = operations
    try:
        writer = MigrationWriter(migration, include_header=False)
        text, path = writer.as_string(), writer.path
    except ValueError as error:  # no module for migrations
        return {"reason": str(error)}
    return {
        "path": str(path),
        "text": _concurrent(text) if _all_on_postgres(label, vendors) else text,
    }


def _all_on_postgres(label: str, vendors: dict[str, str]) -> bool:
    from django.apps import apps
    from django.db import router

    aliases = {router.db_for_write(model) for model in apps.get_app_config(label).get_models()}
    return all(vendors.get(alias) == "postgresql" for alias in aliases)


def _concurrent(text: str) -> str:
    """https://docs.djangoproject.com/en/stable/ref/contrib/postgres/operations/"""
    text = text.replace("migrations.AddIndex(", f"{CONCURRENTLY}(")
    text = re.sub(
        r"^(from django\.db import )",
        rf"from django.contrib.postgres.operations import {CONCURRENTLY}\n\1",
        text,
        count=1,
        flags=re.MULTILINE,
    )
    return text.replace(
        "class Migration(migrations.Migration):\n",
        "class Migration(migrations.Migration):\n    atomic = False\n",
        1,
    )
