"""Shapes: whether a query is a relation or queryset as it stands, or what was made of it."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from nuages.record.lineage import Relation
from nuages.record.statements import Statement

BASE = "_nuages_base"  # on Query: its Fingerprint before a related manager filters it

READS = frozenset({"SELECT", "VALUES", "TABLE", "SHOW", "EXPLAIN", "PRAGMA", "FETCH"})
WRITES = frozenset({"INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE", "TRUNCATE", "COPY"})
UNLOADED = re.compile(r"\sTO\s+(?:STDOUT|PROGRAM|%s)", re.I)  # a COPY's rows
SINGLE_VALUED = frozenset({"fk", "o2o", "reverse_o2o", "gfk", "deferred"})


class Fingerprint(NamedTuple):
    """What the methods of a queryset change in a query, as far as shapes need it."""

    conditions: int = 0
    order: tuple[Any, ...] = ()
    limits: tuple[int, int | None] = (0, None)
    rest: tuple[Any, ...] = (False, 0, False, True, 0, 0)


def fingerprint(query: Any, lookups: int) -> Fingerprint:
    """Of a django.db.models.sql.Query, with the number of its prefetch lookups."""
    deferred, is_deferring = query.deferred_loading
    return Fingerprint(
        len(query.where.children),
        tuple(map(str, query.order_by)),
        (query.low_mark, query.high_mark),
        (
            query.distinct,
            len(query.annotations),
            bool(query.select_related),
            bool(is_deferring and not deferred),
            len(query.extra),
            lookups,
        ),
    )


def of_statement(statement: Statement, *, is_orm: bool) -> str:
    """The shape of a query of which only the SQL is known."""
    if statement.verb == "COPY" and UNLOADED.search(statement.sql):
        return "raw"
    if statement.verb in WRITES:
        return "write"
    return "raw" if not is_orm and (statement.verb in READS or not statement.verb) else "other"


def of_query(
    statement: Statement,
    query: Any,
    operation: str | None,
    relation: Relation | None,
    queryset: Any,
) -> str:
    """The shape of an executed query; `query` is None for SQL that did not come from the ORM."""
    is_orm = query is not None and hasattr(query, "where")
    if statement.verb in WRITES or not is_orm:
        return of_statement(statement, is_orm=is_orm)
    if relation is not None and relation.kind in SINGLE_VALUED:
        return "all"
    if operation:
        return operation
    if query.values_select or getattr(query, "has_select_fields", False) or not query.default_cols:
        return "values"
    if query.combinator:
        return "other"
    return _of_model_query(query, relation, queryset)


def _of_model_query(query: Any, relation: Relation | None, queryset: Any) -> str:
    lookups = len(getattr(queryset, "_prefetch_related_lookups", ()))
    base: Fingerprint = vars(query).get(BASE) or Fingerprint()
    found = fingerprint(query, lookups)
    own = 0  # the conditions that the relation itself brings
    if relation is not None:
        own = 2 if relation.kind == "generic_relation" else 1
    if found.limits != base.limits:
        return "sliced"
    if found.conditions != base.conditions + own:
        return "filtered"
    if found.order != base.order:
        return "ordered"
    if relation is not None and found.rest != base.rest:
        return "other"
    return "all"
