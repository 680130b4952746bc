"""What the agent says of models, as values: units of work, their tables and columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Relation:
    """Where a foreign key leads."""

    label: str
    table: str
    column: str
    is_parent_link: bool = False  # of multi-table inheritance
    is_later: bool = False  # closes a cycle: its rows are made after these
    is_limited: bool = False  # by limit_choices_to
    is_kept: bool = False  # to a table that is never filled, such as content types


@dataclass(frozen=True, kw_only=True)
class Mark:
    """How distinct texts are made: a beginning, a number in digits of the alphabet, an ending."""

    beginnings: tuple[str, ...]
    ending: str
    alphabet: str
    width: int

    @property
    def capacity(self) -> int:
        """How many distinct numbers fit."""
        return int(min(len(self.alphabet) ** self.width, 1 << 62))


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a table."""

    column: str
    name: str
    family: str  # "text", "integer", … of agent.fill.types, or "relation"
    is_null: bool = False
    is_key: bool = False
    is_auto: bool = False
    is_generated: bool = False
    relation: Relation | None = None
    stamp: str = ""  # "created", "updated"
    mark: Mark | None = None
    values: tuple[str, ...] | None = None  # all that a text column may hold, when few
    is_telling: bool = False  # rows usually differ in it
    low: int = 0
    high: int = 0


@dataclass(frozen=True, kw_only=True)
class Table:
    """One table that holds a part of a unit's rows."""

    label: str
    table: str
    columns: tuple[Column, ...]
    tree: Mapping[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class GenericKey:
    """A content type and a key; the targets are (label, table, key column, type's key)."""

    table: str
    type_column: str
    key_column: str
    targets: tuple[tuple[str, str, str, int], ...]


@dataclass(frozen=True, kw_only=True)
class Unit:
    """One model: what is filled in one go."""

    label: str
    alias: str
    is_own: bool
    is_link: bool
    is_user: bool
    to_users: bool
    is_parent: bool
    is_reference: bool = False  # has rows, which belong to no user
    tables: tuple[Table, ...]
    generic: tuple[GenericKey, ...] = ()

    @property
    def relations(self) -> tuple[tuple[Column, Relation], ...]:
        """Foreign keys that hold a choice, with their columns."""
        columns = [column for table in self.tables for column in table.columns]
        return tuple(
            (c, c.relation) for c in columns if c.relation and not c.relation.is_parent_link
        )


def units(told: list[dict[str, Any]]) -> tuple[Unit, ...]:
    """The agent's answer to `units`."""
    return tuple(_unit(each) for each in told)


def _unit(told: Mapping[str, Any]) -> Unit:
    tables = tuple(_table(each) for each in told["tables"])
    generic = tuple(_generic(each) for each in told["generic"])
    return Unit(**{**told, "tables": tables, "generic": generic})


def _table(told: Mapping[str, Any]) -> Table:
    return Table(**{**told, "columns": tuple(_column(each) for each in told["columns"])})


def _column(told: Mapping[str, Any]) -> Column:
    told = dict(told)
    mark = told.pop("mark", None) or {}
    telling = mark.pop("telling", False)
    values = mark.pop("values", None)
    relation = told.pop("relation", None)
    return Column(
        **told,
        relation=Relation(**relation) if relation else None,
        mark=Mark(**{**mark, "beginnings": tuple(mark["beginnings"])}) if mark else None,
        values=tuple(values) if values is not None else None,
        is_telling=telling,
    )


def _generic(told: Mapping[str, Any]) -> GenericKey:
    targets = tuple((t["label"], t["table"], t["column"], int(t["type"])) for t in told["targets"])
    return GenericKey(**{**told, "targets": targets})
