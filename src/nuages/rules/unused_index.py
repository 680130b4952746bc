"""Indexes that no query went through, and that every write pays for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from nuages.cases import Case
from nuages.indexes.existing import keys_of
from nuages.indexes.workload import write_calls
from nuages.model import (
    Catalog,
    Evidence,
    Finding,
    Fix,
    Index,
    Location,
    ModelFacts,
    Remedy,
    Table,
)

ID = "unused-index"

MB = 1e6
DAYS = 30.0  # counted, so that the end of a month is among them
LEAST_BYTES = 1_000_000  # of an index whose size or writes anybody would feel
LEAST_ROWS = 10_000  # of a table that is read by an index if there is one
REQUESTS = 10_000  # recorded, before a scratch database's counts say anything
LOOKUPS = 1_000  # of them queries of the table


def find(case: Case) -> Iterator[Finding]:
    """Silent unless the counts are of a database in use, and old enough."""
    writes = write_calls(case.recording)
    for catalog in case.facts.catalogs.values():
        if not _counts(catalog, case):
            continue
        for table in catalog.tables.values():
            model = next((m for m in case.facts.models if m.table == table.name and m.file), None)
            if model is None or not _is_read(catalog, table, case):
                continue
            for index in table.indexes:
                if _is_unused(index):
                    yield _finding(index, table, model, catalog, writes)


def _counts(catalog: Catalog, case: Case) -> bool:
    """Whether what was never counted was never used: in a month of production, or under load."""
    if catalog.is_production:
        return (catalog.counted_days or 0) >= DAYS
    scopes = case.recording.scopes
    return sum(s.executions for s in scopes if s.scope.kind == "request") >= REQUESTS


def _is_read(catalog: Catalog, table: Table, case: Case) -> bool:
    """Whether the table is looked up at all here: on a replica's primary nothing may be."""
    if table.rows < LEAST_ROWS:
        return False
    if catalog.is_production:
        return any(index.scans for index in table.indexes)
    asked = sum(
        group.calls
        for group in case.recording.groups
        if group.statement.verb == "SELECT" and table.name in group.statement.sql
    )
    return asked >= LOOKUPS


def _is_unused(index: Index) -> bool:
    return (
        index.scans == 0
        and index.bytes >= LEAST_BYTES
        and not (index.is_unique or index.is_primary or index.is_constraint)
    )


def _finding(
    index: Index, table: Table, model: ModelFacts, catalog: Catalog, writes: Mapping[str, int]
) -> Finding:
    name = model.label.rpartition(".")[2]
    counted = f"in {catalog.counted_days:,.0f} days" if catalog.is_production else "in this run"
    return Finding(
        rule=ID,
        message=f"{index.name} on {table.name} ({index.bytes / MB:,.0f} MB) served no query "
        f"{counted}",
        hint=_hint(index, table, name),
        location=Location(file=model.file, line=model.line, root=model.root, function=name),
        evidence=Evidence(
            figures={
                "index_mb": round(index.bytes / MB, 1),
                "table_rows": table.rows,
                "scans": 0,
                "counted_days": round(catalog.counted_days or 0, 1),
                "writes": writes.get(table.name, 0),
                "indexes_of_table": len(table.indexes),
            }
        ),
        confidence=_confidence(index, table, catalog),
        remedy=Remedy(kind="drop_index", path=index.name),
        fix=Fix(
            status="none",
            reason="what reads a replica, or runs once a year, is not counted here",
        ),
    )


def _confidence(index: Index, table: Table, catalog: Catalog) -> float:
    if _is_foreign_key(index, table):
        return 0.4
    if is_like(index):
        return 0.5
    return 0.8 if catalog.is_production else 0.5


def is_like(index: Index) -> bool:
    """Whether it is the second index that Django makes for LIKE on a text with an index."""
    return any("_pattern_ops" in key for key in keys_of(index))


def _is_foreign_key(index: Index, table: Table) -> bool:
    return bool(index.columns) and index.columns[0] in table.references


def _hint(index: Index, table: Table, model: str) -> str:
    if _is_foreign_key(index, table):
        target = table.references[index.columns[0]]
        return (
            f"only if rows of {target} are never deleted, which reads this index: write "
            f"db_index=False on {model}'s foreign key {index.columns[0]}"
        )
    if is_like(index):
        return (
            f"Django makes it for LIKE beside the index of {index.columns[0]}: declare that one "
            f"in Meta of {model} (Index or UniqueConstraint), not by db_index or unique"
        )
    return (
        f'take "{index.name}" out of {model} (Meta.indexes or db_index=True) once the replicas '
        f"show no scans either; drop it with RemoveIndexConcurrently"
    )
