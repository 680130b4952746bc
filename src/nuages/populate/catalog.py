"""What a database says of a table: the types of its columns, and which sets do not repeat."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class UniqueSet:
    """Columns that do not repeat together; expressions count as the columns they speak of."""

    name: str
    columns: tuple[str, ...]
    is_conditional: bool = False
    is_primary: bool = False


@dataclass(frozen=True, kw_only=True)
class TableCatalog:
    """One table as it is."""

    table: str
    types: Mapping[str, str]  # type names without lengths; columns the database computes left out
    uniques: tuple[UniqueSet, ...] = ()
    required: frozenset[str] = field(default_factory=frozenset)  # NOT NULL
    indexes: int = 1
