"""Catalogs in a few words: tables, their indexes, and the models that they are of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nuages.cases import Case
from nuages.model import (
    Catalog,
    Facts,
    FieldFacts,
    Index,
    ModelFacts,
    QueryGroup,
    Recording,
    Table,
)

TYPES = {
    "id": "integer", "state": "character varying(10)", "created": "timestamp with time zone",
    "title": "character varying(50)", "author_id": "integer", "blog_id": "integer",
    "is_open": "boolean", "closed": "timestamp with time zone", "data": "jsonb", "body": "text",
}  # fmt: skip


def index(name: str, *keys: str, **told: Any) -> Index:
    """An index as PostgreSQL tells it; keys may have a direction or an operator class."""
    where = f" WHERE {told['predicate']}" if told.get("predicate") else ""
    unique = "UNIQUE " if told.get("is_unique") else ""
    method = told.get("method", "btree")
    definition = f"CREATE {unique}INDEX {name} ON public.post USING {method} ({', '.join(keys)})"
    columns = tuple(key if "(" in key else key.split(" ")[0] for key in keys)
    return Index(
        name=name, columns=columns, definition=f"{definition}{where}", **{"scans": 5, **told}
    )


KEY = index("post_pkey", "id", is_unique=True, is_primary=True, is_constraint=True)


def post(*indexes: Index, rows: int = 50_000, **told: Any) -> Table:
    """The table of posts."""
    described = {"columns": TYPES, "key": "id", "references": {"author_id": "author"}, **told}
    return Table(name="post", rows=rows, indexes=(KEY, *indexes), **described)


def model(**told: Any) -> ModelFacts:
    """The model of posts; `title` and `author` have an index by themselves."""
    fields = (
        FieldFacts(name="id", column="id", kind="AutoField", is_primary=True, is_unique=True),
        FieldFacts(name="title", column="title", kind="CharField", is_indexed=True),
        FieldFacts(
            name="author", column="author_id", kind="ForeignKey", to="blog.Author", is_indexed=True
        ),
        FieldFacts(name="state", column="state", kind="CharField"),
        FieldFacts(name="created", column="created", kind="DateTimeField"),
    )
    values = {"label": "blog.Post", "table": "post", "file": "blog/models.py", "line": 12, **told}
    return ModelFacts(fields=fields, **values)


def case(
    *tables: Table,
    groups: tuple[QueryGroup, ...] = (),
    models: tuple[ModelFacts, ...] | None = None,
    recording: Recording | None = None,
    settings: Mapping[str, Any] | None = None,
    apps: Mapping[str, str] | None = None,
    **catalog: Any,
) -> Case:
    """A case whose default database has these tables."""
    described = {"vendor": "postgresql", **catalog}
    facts = Facts(
        models=(model(),) if models is None else models,
        catalogs={"default": Catalog(tables={t.name: t for t in tables}, **described)},
        settings=settings or {},
        apps=apps or {},
    )
    return Case(recording or Recording(groups=groups), facts)
