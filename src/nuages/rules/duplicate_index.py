"""Indexes that another index makes needless: the same one twice, or the start of a longer one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from nuages.cases import Case
from nuages.indexes.existing import included, keys_of, plain, starts
from nuages.indexes.workload import write_calls
from nuages.model import (
    Evidence,
    FieldFacts,
    Finding,
    Fix,
    Index,
    Location,
    ModelFacts,
    Remedy,
    Table,
)

ID = "duplicate-index"

MB = 1e6
MADE = re.compile(r"_[0-9a-f]{8}$")


@dataclass(frozen=True, kw_only=True, slots=True)
class Duplicate:
    """An index that could go, and the one that does its work."""

    table: Table
    index: Index
    by: Index

    @property
    def is_exact(self) -> bool:
        return len(keys_of(self.index)) == len(keys_of(self.by))


def find(case: Case) -> Iterator[Finding]:
    """One finding per index of the project's own models, on whatever databases it is."""
    seen = set()
    writes = write_calls(case.recording)
    for catalog in case.facts.catalogs.values():
        for table in catalog.tables.values():
            model = _model(table, case)
            if model is None:
                continue
            for duplicate in duplicates(table):
                if (table.name, duplicate.index.name) not in seen:
                    seen.add((table.name, duplicate.index.name))
                    yield _finding(duplicate, model, writes.get(table.name, 0))


def duplicates(table: Table) -> Iterator[Duplicate]:
    """Every index that another one of the table makes needless, each once."""
    gone: set[str] = set()
    for index in sorted(table.indexes, key=_value):
        if index.is_unique or index.is_constraint or included(index):
            continue
        for other in sorted(table.indexes, key=_value, reverse=True):
            if other.name not in gone | {index.name} and _replaces(other, index):
                gone.add(index.name)
                yield Duplicate(table=table, index=index, by=other)
                break


def _value(index: Index) -> tuple[bool, bool, bool, int, int, str]:
    """What is to be kept comes last; of two alike the one that serves more."""
    return (
        index.is_primary,
        index.is_constraint,
        index.is_unique,
        len(keys_of(index)),
        index.scans or 0,
        index.name,
    )


def _replaces(other: Index, index: Index) -> bool:
    if plain(other.predicate) != plain(index.predicate) or other.method != index.method:
        return False
    if index.method != "btree":  # only what is sorted serves by its start
        return sorted(map(plain, keys_of(other))) == sorted(map(plain, keys_of(index)))
    return starts(index, other)


def _model(table: Table, case: Case) -> ModelFacts | None:
    """The project's own model of a table: what a library's or Django's link tables have is
    nobody's to change here.
    """
    return next(
        (
            model
            for model in case.facts.models
            if model.table == table.name and model.file and model.is_managed and not model.is_proxy
        ),
        None,
    )


def _finding(duplicate: Duplicate, model: ModelFacts, writes: int) -> Finding:
    index, by = duplicate.index, duplicate.by
    what = "is the same as" if duplicate.is_exact else "is the start of"
    return Finding(
        rule=ID,
        message=f"{index.name} on {duplicate.table.name}({', '.join(index.columns)}) {what} "
        f"{by.name} ({', '.join(by.columns)})",
        hint=_hint(duplicate, model),
        location=_location(model),
        evidence=Evidence(
            figures={
                "index_mb": round(index.bytes / MB, 2),
                "table_rows": duplicate.table.rows,
                "writes": writes,
            }
        ),
        confidence=_confidence(duplicate, model),
        remedy=Remedy(kind="drop_index", path=index.name),
        fix=Fix(status="none", reason="an index is dropped by a migration, which is yours to date"),
    )


def _confidence(duplicate: Duplicate, model: ModelFacts) -> float:
    """The start of a longer index is smaller, so that what reads it may be a little faster."""
    if duplicate.is_exact:
        return 0.95
    return 0.75 if len(duplicate.by.columns) <= 2 + len(duplicate.index.columns) else 0.6


def _hint(duplicate: Duplicate, model: ModelFacts) -> str:
    index, name = duplicate.index, model.label.rpartition(".")[2]
    field = _indexing(index, model)
    then = f"{duplicate.by.name} serves the same queries"
    if field is None:
        return f'take the index "{index.name}" out of Meta of {name}; {then}'
    if field.kind in ("ForeignKey", "OneToOneField"):
        return f"write db_index=False on {name}.{field.name}; {then}"
    return f"drop db_index=True from {name}.{field.name}; {then}"


def _indexing(index: Index, model: ModelFacts) -> FieldFacts | None:
    """The field whose db_index made it: Django ends the names of such with eight digits."""
    fields = [field for field in model.fields if (field.column,) == index.columns]
    if not fields or index.predicate or not fields[0].is_indexed:
        return None
    return fields[0] if MADE.search(index.name) else None


def _location(model: ModelFacts) -> Location:
    name = model.label.rpartition(".")[2]
    return Location(file=model.file, line=model.line, root=model.root, function=name)
