"""What a database says of a table: the types of its columns, and which sets do not repeat."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

# Range types by the type of their ends.
RANGES = {
    "daterange": "date", "tstzrange": "timestamptz", "tsrange": "timestamp",
    "int4range": "int4", "int8range": "int8", "numrange": "numeric",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class UniqueSet:
    """Columns that do not repeat together; expressions count as the columns they speak of."""

    name: str
    columns: tuple[str, ...]
    is_conditional: bool = False
    is_primary: bool = False


@dataclass(frozen=True, kw_only=True)
class Exclusion:
    """No two rows that agree in the equal columns may overlap in the stretch."""

    name: str
    stretch: tuple[str, ...]  # a column of ranges, or the two that hold beginning and end
    equal: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class TableCatalog:
    """One table as it is."""

    table: str
    types: Mapping[str, str]  # type names without lengths; columns the database computes left out
    uniques: tuple[UniqueSet, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()
    required: frozenset[str] = field(default_factory=frozenset)  # NOT NULL
    indexes: int = 1
