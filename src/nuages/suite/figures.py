"""What the tests of one run asked the database, as their reports tell it."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from nuages.fingerprints import hashed, normal

PLACE, STATEMENT = 4, 8  # hexadecimal digits: enough within one test
FEW = 20  # requests, of which the slowest is left out of account: it may have warmed something up


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """A statement and the line that makes it."""

    sql: str
    file: str = ""  # "" where no line of the project takes part
    line: int = 0
    function: str = ""
    root: str = "."

    @property
    def place(self) -> str:
        """What names its function from run to run."""
        return hashed((self.root, self.file, self.function))[:PLACE]

    @property
    def name(self) -> str:
        """What names it from run to run: neither its line nor the columns that it selects."""
        return self.place + hashed((normal(self.sql),))[:STATEMENT]

    @property
    def where(self) -> str:
        """ "shop/views.py:48 in feed"."""
        if not self.file:
            return "no line of the project"
        return f"{self.file}:{self.line}" + (f" in {self.function}" if self.function else "")


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """How often one test made a statement within one route, "" for the test itself."""

    made: Made
    route: str
    calls: int
    most: int  # in one request


@dataclass(frozen=True, kw_only=True, slots=True)
class TestFigures:
    """What one test asked the database."""

    __test__ = False  # pytest's name for a class of tests

    queries: int
    routes: Mapping[str, int] = field(default_factory=dict)  # → most queries of one request
    asked: tuple[Asked, ...] = ()
    allowed: int | None = None  # by its marker


class Suite:
    """The tests that passed, and the times of their requests."""

    def __init__(self) -> None:
        self.tests: dict[str, TestFigures] = {}
        self._walls_ms: dict[str, list[float]] = defaultdict(list)  # route → its requests
        self._made: dict[str, Made] = {}

    def add(self, test: str, told: Mapping[str, Any]) -> None:
        """Add what record.per_test counted for one test."""
        self.describe(told)
        for route, (_, walls_us) in told["routes"].items():
            self._walls_ms[route] += [wall / 1000 for wall in walls_us]
        self.tests[test] = TestFigures(
            queries=told["queries"],
            routes={route: max(queries) for route, (queries, _) in told["routes"].items()},
            asked=tuple(
                Asked(made=self._made[name], route=route, calls=calls, most=most)
                for name, route, calls, most in told["statements"]
            ),
            allowed=told.get("max_queries"),
        )

    def describe(self, told: Mapping[str, Any]) -> None:
        """Learn what statements are called; those of a test that did not pass, too."""
        for name, (sql, root, file, line, function) in told["made"].items():
            self._made[name] = Made(
                sql=sql, root=root, file=file, line=line or 0, function=function
            )

    def routes(self) -> dict[str, list[str]]:
        """Route → the tests that request it."""
        found: dict[str, list[str]] = defaultdict(list)
        for test, figures in self.tests.items():
            for route in figures.routes:
                found[route].append(test)
        return dict(sorted(found.items()))

    def p95_ms(self, route: str) -> float:
        """95th percentile of the response times of a route."""
        walls = _counted(self._walls_ms[route])
        return walls[math.ceil(0.95 * len(walls)) - 1] if walls else 0.0

    def median_ms(self, route: str) -> float:
        """The median of the response times of a route."""
        walls = _counted(self._walls_ms[route])
        return median(walls) if walls else 0.0


def _counted(walls: Sequence[float]) -> list[float]:
    ordered = sorted(walls)
    return ordered[:-1] if 1 < len(ordered) < FEW else ordered


def queries(number: int) -> str:
    """ "1 query", "1,200 queries"."""
    return f"{number:,} {'query' if number == 1 else 'queries'}"
