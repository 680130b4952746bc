"""What a proof says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from nuages.answers import Verdict

Judgement = Literal["better", "worse", "no difference shown", "different answers"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Interval:
    """A ratio of B to A with the interval that holds the true one at the level of confidence."""

    ratio: float
    low: float
    high: float

    def judged(self, margin: float) -> Judgement:
        """What it shows; a change within the margin is none that matters."""
        if self.low > 1 + margin:
            return "worse"
        return "better" if self.high < 1 - margin else "no difference shown"


@dataclass(frozen=True, kw_only=True, slots=True)
class Costs:
    """One version's figures of a route, or of all: per request."""

    queries: float = 0.0
    rows: float = 0.0
    db_ms: float = 0.0
    cpu_ms: float | None = None  # None: not measured


@dataclass(frozen=True, kw_only=True, slots=True)
class Loaded:
    """One version under load, all its phases together."""

    p50_ms: float
    p95_ms: float
    p99_ms: float
    rate: float  # answered well, a second
    error_share: float = 0.0
    requests: int = 0
    latencies: tuple[float, ...] = ()  # milliseconds: of each hundredth of the requests


@dataclass(frozen=True, kw_only=True, slots=True)
class RouteProof:
    """One route, or all of them weighted as in the traffic."""

    route: str  # "" for all
    a: Costs
    b: Costs
    judgement: Judgement = "no difference shown"
    reasons: tuple[str, ...] = ()
    cpu: Interval | None = None
    requests: int = 0  # different ones, that were sent to each version
    share: float = 0.0  # of the traffic


@dataclass(frozen=True, kw_only=True, slots=True)
class Effect:
    """A table that the two versions left in different states."""

    table: str
    what: str  # "12 rows, then 13", "the column status differs"


@dataclass(frozen=True, kw_only=True)
class LoadProof:
    """Both versions under the same load, in turns."""

    rate: float
    a: Loaded
    b: Loaded
    ratios: Mapping[str, Interval] = field(default_factory=dict)  # "p95" → B to A
    routes: Mapping[str, tuple[Loaded, Loaded]] = field(default_factory=dict)
    knee_a: float | None = None  # requests a second; None: not measured, or not even the first step
    knee_b: float | None = None
    first_a: str = ""  # what gave out first above the knee, and its evidence
    first_b: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Proof:
    """Version B beside version A."""

    a: str  # as the user named it
    b: str
    judgement: Judgement
    reasons: tuple[str, ...]
    overall: RouteProof
    routes: tuple[RouteProof, ...]
    answers: tuple[Verdict, ...]
    effects: tuple[Effect, ...] = ()
    load: LoadProof | None = None
    margin: float = 0.0  # a change within it is none that matters
    confidence: float = 0.0
    pairs: int = 0  # of processes, one of each version
    rounds: int = 0  # of all pairs together
    distributions: Mapping[str, tuple[tuple[float, ...], tuple[float, ...]]] = field(
        default_factory=dict
    )  # route → CPU milliseconds of requests of A, of B
    notes: tuple[str, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)

    @property
    def different(self) -> tuple[Verdict, ...]:
        """The answers that changed."""
        return tuple(verdict for verdict in self.answers if verdict.result == "different")
