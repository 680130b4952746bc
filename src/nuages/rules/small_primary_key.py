"""Primary keys of 4 or 2 bytes that the rows will outgrow: then no INSERT succeeds."""

from __future__ import annotations

import re
from collections.abc import Iterator

from nuages.cases import Case
from nuages.model import Catalog, Evidence, Finding, Fix, Location, ModelFacts, Remedy, Table
from nuages.wording import percent

ID = "small-primary-key"

# The highest value of each type of the databases; serial types print as these.
HIGHEST = {"tinyint": 2**7 - 1, "smallint": 2**15 - 1, "mediumint": 2**23 - 1, "integer": 2**31 - 1}
SPELLED = {"int": "integer", "int4": "integer", "int2": "smallint"}
USED = 0.5  # of the range: at a growth that doubles each year, a year is left
LARGE = 10_000_000  # rows, or keys, from which on it is worth a word well before
NAMED = 6  # columns that refer to it


def find(case: Case) -> Iterator[Finding]:
    """One finding per table whose key is more than half used up, or large."""
    seen = set()
    for catalog in case.facts.catalogs.values():
        for table in catalog.tables.values():
            limit = _limit(table.columns.get(table.key, ""), catalog.vendor)
            if limit is None or table.key_max is None or table.name in seen:
                continue
            used = table.key_max / limit
            if used >= USED or (used < 1 and max(table.rows, table.key_max) >= LARGE):
                seen.add(table.name)
                yield _finding(table, catalog, used, limit, case)


def _limit(kind: str, vendor: str) -> int | None:
    """The highest key of a type; SQLite's are all of 8 bytes."""
    if vendor == "sqlite":
        return None
    name = re.split(r"[ (]", kind)[0].lower()
    highest = HIGHEST.get(SPELLED.get(name, name))
    return highest * 2 + 1 if highest and "unsigned" in kind else highest


def _finding(table: Table, catalog: Catalog, used: float, limit: int, case: Case) -> Finding:
    model = next((m for m in case.facts.models if m.table == table.name and not m.is_proxy), None)
    referring = _referring(table, catalog)
    return Finding(
        rule=ID,
        message=f"{table.name}.{table.key} ({table.columns[table.key]}) has used "
        f"{percent(used)} of its {limit:,} values",
        hint=_hint(table, model, referring),
        location=_location(model),
        evidence=Evidence(
            figures={
                "used_share": round(used, 3),
                "highest_key": table.key_max or 0,
                "limit": limit,
                "table_rows": table.rows,
                "referring_columns": len(referring),
            }
        ),
        confidence=_confidence(used, catalog),
        remedy=Remedy(kind="migration", path=f"{table.name}.{table.key}"),
        fix=Fix(
            status="none",
            reason="changing the type rewrites the table under a lock: plan it with its keys",
        ),
        concern="hazard",
    )


def _confidence(used: float, catalog: Catalog) -> float:
    if used < USED:
        return 0.3
    return 0.95 if catalog.is_production else 0.5


def _referring(table: Table, catalog: Catalog) -> list[str]:
    """Columns that hold its keys, link tables' too; they have to grow with it."""
    return sorted(
        f"{other.name}.{column}"
        for other in catalog.tables.values()
        for column, target in other.references.items()
        if target == table.name
    )


def _hint(table: Table, model: ModelFacts | None, referring: list[str]) -> str:
    where = f"{model.label}" if model else f"the model of {table.name}"
    if model and not model.file:
        where = f"{model.label}, by the settings of its app (default_auto_field)"
    edit = f"make the key of {where} a BigAutoField(primary_key=True)"
    if not referring:
        return edit
    more = f" and {len(referring) - NAMED} more" if len(referring) > NAMED else ""
    return f"{edit}; {', '.join(referring[:NAMED])}{more} become bigint with it"


def _location(model: ModelFacts | None) -> Location | None:
    if model is None or not model.file:
        return None
    name = model.label.rpartition(".")[2]
    return Location(file=model.file, line=model.line, root=model.root, function=name)
