"""What became of each query when the same was asked of more data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from nuages.model.recorded import Location, QueryShape, Scope, Statement


class GrownKey(NamedTuple):
    """What makes two queries of two recordings the same."""

    scope: Scope
    statement: Statement
    location: Location | None
    trigger: Location | None
    shape: QueryShape


@dataclass(frozen=True, kw_only=True, slots=True)
class Grown:
    """One query on less and on more data: (before, after)."""

    queries: tuple[int, int]  # of one execution of the scope, at most
    rows: tuple[int, int]  # of one query, at most
    ms: tuple[float, float]  # of one execution, the mean


@dataclass(frozen=True, kw_only=True, slots=True)
class Growth:
    """Two recordings compared; empty where there was only one."""

    rows: int = 0  # that a model was filled with, at most
    grown_rows: int = 0
    queries: Mapping[GrownKey, Grown] = field(default_factory=dict)  # seen in both recordings
