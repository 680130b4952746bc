"""What is in the tables after requests: counts and digests, never a value."""

from __future__ import annotations

import hashlib
from typing import Any

ROWS = 20_000  # of a table that are looked at; the last ones, where there are more
_BATCH = 500
# Written by every login, deploy or page of the admin: no effect of a request that was asked for.
LEFT_OUT = frozenset({"django_session", "django_migrations", "django_content_type"})


def digests() -> dict[str, dict[str, Any]]:
    """Table → {rows, columns: {name: digest over all rows in the order of the key}}."""
    from django.apps import apps
    from django.db import Error, connections, router

    found: dict[str, dict[str, Any]] = {}
    for model in apps.get_models(include_auto_created=True):
        meta = model._meta
        if not meta.managed or meta.proxy or meta.swapped or meta.db_table in LEFT_OUT:
            continue
        alias = router.db_for_read(model) or "default"
        try:
            found[meta.db_table] = _digest(model, alias)
        except Error as error:
            connections[alias].close()
            found[meta.db_table] = {"rows": -1, "columns": {}, "fault": type(error).__name__}
    return found


def _digest(model: Any, alias: str) -> dict[str, Any]:
    names = [field.attname for field in model._meta.concrete_fields]
    everything = model._base_manager.using(alias).order_by("-pk")
    hashes = {name: hashlib.blake2b(digest_size=12) for name in names}
    for row in everything.values_list(*names)[:ROWS].iterator(chunk_size=_BATCH):
        for name, value in zip(names, row, strict=True):
            hashes[name].update(repr(value).encode("utf-8", "replace") + b"\0")
    return {
        "rows": everything.count(),
        "columns": {name: digest.hexdigest() for name, digest in hashes.items()},
    }
