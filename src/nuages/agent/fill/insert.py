"""Rows into a table by the hundred, without save() and its signals; a bad row costs only itself."""

from __future__ import annotations

from typing import Any


def insert(rows: list[Any], alias: str) -> tuple[int, str]:
    """(rows stored, the last error); a batch that fails is halved until the bad rows are alone."""
    from django.db import transaction

    if not rows:
        return 0, ""
    try:
        with transaction.atomic(using=alias):
            _bulk(rows, alias)
        return len(rows), ""
    except Exception as error:
        if len(rows) == 1:
            return 0, f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
    for row in rows:
        _unmark(row)
    middle = len(rows) // 2
    first, why = insert(rows[:middle], alias)
    second, also = insert(rows[middle:], alias)
    return first + second, also or why


def _bulk(rows: list[Any], alias: str) -> None:
    from django.db.models import QuerySet

    model = type(rows[0])
    if not _inherits_tables(model):
        QuerySet(model, using=alias).bulk_create(rows, batch_size=500)
        return
    _insert_parents(rows, model, alias)
    QuerySet(model, using=alias)._insert(
        rows, fields=model._meta.local_concrete_fields, using=alias
    )


def _inherits_tables(model: Any) -> bool:
    return any(parent._meta.concrete_model is not model._meta.concrete_model
               for parent in model._meta.parents)  # fmt: skip


def _insert_parents(rows: list[Any], model: Any, alias: str) -> None:
    """The rows of multi-table inheritance above, which bulk_create refuses to write."""
    for parent, link in model._meta.parents.items():
        if link is None:
            continue
        above = [as_parent(row, parent) for row in rows]
        _bulk(above, alias)
        for row, stored in zip(rows, above, strict=True):
            setattr(row, link.attname, stored.pk)
            setattr(row, parent._meta.pk.attname, stored.pk)


def as_parent(row: Any, parent: Any) -> Any:
    """The part of a row that is in the table of a multi-table parent."""
    instance = new(parent)
    for field in parent._meta.concrete_fields:
        setattr(instance, field.attname, getattr(row, field.attname))
    return instance


def new(model: Any) -> Any:
    """An instance without values; past the model's own constructor where that demands some."""
    from django.db.models import Model

    try:
        return model()
    except Exception:
        instance = model.__new__(model)
        Model.__init__(instance)
        return instance


def _unmark(row: Any) -> None:
    """A row of a batch that was rolled back: its key was never stored."""
    from django.db.models import NOT_PROVIDED

    row._state.adding = True
    key = row._meta.pk
    made_by_database = "AutoField" in key.get_internal_type()
    if made_by_database and getattr(key, "db_default", NOT_PROVIDED) is NOT_PROVIDED:
        row.pk = None
