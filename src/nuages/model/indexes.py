"""Indexes that a statement asks for, and what came of them when they were tried."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from nuages.model.recorded import Statement

# What stands in an index in place of a column: a function of it, by Django's name.
IndexFunction = Literal[
    "", "Upper", "Lower", "TruncDate", "TruncTime", "ExtractYear", "ExtractMonth", "ExtractDay",
    "ExtractHour", "ExtractMinute", "ExtractSecond", "ExtractQuarter", "ExtractWeek",
    "ExtractWeekDay", "ExtractIsoYear", "ExtractIsoWeekDay",
]  # fmt: skip
IndexTest = Literal["IS NULL", "IS NOT NULL", "IS TRUE", "IS FALSE"]
# Why a statement got no index: it holds everywhere, for all that was tried.
Outcome = Literal["faster", "no candidate", "not used", "not faster", "writes", "not tried"]


@dataclass(frozen=True, kw_only=True, slots=True)
class IndexKey:
    """One column of an index, or an expression of it."""

    column: str
    function: IndexFunction = ""
    zone: str = ""  # of a date's part: the time zone that its column is converted to
    is_descending: bool = False
    nulls: Literal["", "FIRST", "LAST"] = ""  # "": as the direction has them by itself
    opclass: str = ""  # "gin_trgm_ops", "" for the type's own


@dataclass(frozen=True, kw_only=True, slots=True)
class IndexCondition:
    """One term of a partial index's condition."""

    column: str
    test: IndexTest


@dataclass(frozen=True, kw_only=True, slots=True)
class IndexIdea:
    """An index that might serve a statement."""

    table: str
    keys: tuple[IndexKey, ...]
    method: Literal["btree", "gin"] = "btree"
    conditions: tuple[IndexCondition, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """One statement without and with an index; times are means over sets of parameters."""

    statement: Statement
    before_ms: float = 0
    after_ms: float = 0
    before_cost: float = 0  # as the planner reckons, where nothing was run
    after_cost: float = 0
    before_buffers: int = 0  # pages of 8 kB that were touched; 0: it took too long to be told
    after_buffers: int = 0
    before_plan: str = ""  # nodes from the root down, one a line, "Seq Scan on blog_post"
    after_plan: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class IndexTrial:
    """What came of the indexes that were tried for some statements."""

    outcome: Outcome
    measured: tuple[Measured, ...]  # the statements; the costliest first
    idea: IndexIdea | None = None  # the best one, as far as one was faster
    tried: int = 0  # indexes
    rows: int = 0  # of the table
    bytes: int = 0  # of the index
    build_ms: float = 0
    insert_ratio: float | None = None  # of the time of an INSERT, with the index to without
    update_ratio: float | None = None  # of an UPDATE of a column of the index
    is_estimate: bool = False  # by hypopg: nothing was run
