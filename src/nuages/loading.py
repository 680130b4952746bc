"""Puts load on a served version: who is let in, what is watched, and what both versions do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any

from nuages.lab import BASE, Lab
from nuages.load import Knee, LoadResult, Phase, Steps, find_knee
from nuages.load.observing import Observer
from nuages.load.running import Workers
from nuages.load.saturation import Saturation, saturation
from nuages.load.target import Target
from nuages.load.values import Budget
from nuages.prove.measuring import Sides
from nuages.prove.statistics import mean_ratio
from nuages.prove.values import Judgement, Loaded, LoadProof
from nuages.serving import Served, ServerOptions, descendants, serve
from nuages.stack.databases import PostgresDatabases
from nuages.traffic.mix import Actor, Mix

# What a connection does that is not idle, as pg_stat_activity says it.
_GLANCE = """
SELECT CASE WHEN wait_event_type IS NULL THEN 'running'
            WHEN wait_event_type IN ('Lock', 'IO', 'LWLock') THEN wait_event_type
            ELSE 'other' END, count(*)
FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
  AND state IN ('active', 'fastpath function call') GROUP BY 1
"""
_CONNECTIONS = """
SELECT (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),
       current_setting('max_connections')::int
"""
TURNS = 5  # phases of each version
TURN_SECONDS = 5.0
SHARE_OF_KNEE = 0.5  # of the smaller knee: where both still answer without a queue
MARGIN = 0.15  # of latencies: they vary more than CPU does
KNEE_SECONDS = 4.0
START = 2.0  # requests a second of the first step


@dataclass(frozen=True, kw_only=True)
class LoadOptions:
    """How much load is put on both versions."""

    rate: float | None = None  # requests a second; None: half of the smaller knee
    servers: ServerOptions = field(default_factory=ServerOptions)
    budget: Budget = field(default_factory=Budget)
    turns: int = TURNS
    seconds: float = TURN_SECONDS  # of each turn


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One phase, and what was seen of the machine meanwhile."""

    result: LoadResult
    saturation: Saturation


@dataclass(kw_only=True)
class Site:
    """Something to put load on."""

    target: Target
    mix: Mix
    served: Served | None = None
    lab: Lab | None = None
    processes: int | None = None
    measured: list[Measured] = field(default_factory=list)

    @contextmanager
    def running(self, budget: Budget) -> Iterator[Callable[[Phase], LoadResult]]:
        """Run phases, watched."""
        with Workers(self.mix, self.target, processes=self.processes) as workers:

            def run(phase: Phase) -> LoadResult:
                with self._observer() as observer:
                    result = workers.run(phase)
                told = saturation(result, observer.observed(), budget)
                self.measured.append(Measured(result=result, saturation=told))
                return result

            yield run

    def _observer(self) -> Observer:
        if self.served is None or self.lab is None:
            return Observer()
        databases = self.lab.databases
        return Observer(
            self.served.processes,
            database=_database_processes(databases),
            activity=_glances(databases),
            threads=self.served.threads,
        )


def _database_processes(databases: Any) -> Callable[[], Iterator[int]] | None:
    if not isinstance(databases, PostgresDatabases):
        return None
    with databases.server.connect() as connection:
        found = connection.execute("SELECT pg_backend_pid()").fetchone()
    assert found is not None
    postmaster = _parent(int(str(found[0])))
    return lambda: descendants(postmaster)


def _parent(pid: int) -> int:
    with suppress(OSError), open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
        return int(file.read().rpartition(")")[2].split()[1])
    return 0


def _glances(databases: Any) -> Callable[[], Mapping[str, Any]]:
    if not isinstance(databases, PostgresDatabases):
        return dict

    def glance() -> Mapping[str, Any]:
        with databases.server.connect() as connection:
            waits = {str(n): int(str(c)) for n, c in connection.execute(_GLANCE).fetchall()}
            row = connection.execute(_CONNECTIONS).fetchone()
        assert row is not None
        return {
            "waits": waits, "connections": int(str(row[0])), "max_connections": int(str(row[1]))
        }  # fmt: skip

    return glance


def credentials(
    lab: Lab, *, template: str = BASE
) -> tuple[str, tuple[Actor, ...], tuple[str, ...]]:
    """Log the actors in on a template, so that every clone of it lets them in."""
    with lab.session(mode=None, base=True, template=template) as session:
        session.call("actors", functions=dict(lab.project.config.actors))
        told = session.call("credentials")
    actors = tuple(
        Actor(
            name=name,
            cookies=entry["cookies"],
            headers=entry["headers"],
            csrf_cookie=entry["csrf_cookie"],
            csrf_header=entry["csrf_header"],
        )
        for name, entry in told["actors"].items()
    )
    return told["host"], actors, tuple(told["notes"])


@contextmanager
def served_site(
    lab: Lab,
    mix: Mix,
    *,
    template: str = BASE,
    edits: Mapping[str, str] | None = None,
    options: ServerOptions | None = None,
    processes: int | None = None,
) -> Iterator[Site]:
    """A version of the project, served, with its actors let in."""
    host, actors, _ = credentials(lab, template=template)
    with serve(lab, host=host, template=template, edits=edits, options=options) as served:
        yield Site(
            target=replace(Target.of(served.url), host=served.host),
            mix=mix.with_actors(actors),
            served=served,
            lab=lab,
            processes=processes,
        )


def compare_loaded(
    sides: Sides, mix: Mix, options: LoadOptions | None = None
) -> tuple[LoadProof, Sequence[tuple[Judgement, str]]]:
    """Both versions under the same load in turns, each with replicas and data of its own."""
    options = options or LoadOptions()
    budget = options.budget
    with ExitStack() as stack:
        sites = {}
        for side in ("a", "b"):
            lab, template, edits = sides.place(side)
            entered = served_site(
                lab, mix.reading(), template=template, edits=edits, options=options.servers
            )
            sites[side] = stack.enter_context(entered)
        runs = {side: stack.enter_context(site.running(budget)) for side, site in sites.items()}
        knees = {side: knee_of(run, budget) for side, run in runs.items()}
        first = {side: gave_out(site.measured, budget) for side, site in sites.items()}
        rates = [knee.rate for knee in knees.values() if knee.rate]
        rate = options.rate or (SHARE_OF_KNEE * min(rates) if rates else START)
        results = _in_turns(runs, rate, options)
    proof, reasons = _compared(rate, results, knees)
    return replace(proof, first_a=first["a"], first_b=first["b"]), reasons


def knee_of(run: Callable[[Phase], LoadResult], budget: Budget) -> Knee:
    """The highest rate that held, found in short steps."""
    steps = Steps(start=START, seconds=KNEE_SECONDS, budget=budget, closeness=0.25)
    return find_knee(run, steps, Phase(rate=1, seconds=KNEE_SECONDS, arrivals="poisson"))


def gave_out(measured: Sequence[Measured], budget: Budget) -> str:
    """What saturated first, with the evidence, at the lowest rate that broke the budget."""
    broken = [each for each in measured if not each.result.holds(budget)]
    if not broken:
        return ""
    first = min(broken, key=lambda each: each.result.phase.rate).saturation.first
    return f"{first.name}: {first.evidence}" if first else ""


def _in_turns(
    runs: Mapping[str, Callable[[Phase], LoadResult]], rate: float, options: LoadOptions
) -> dict[str, list[LoadResult]]:
    """A B B A A B …: what drifts meanwhile meets both."""
    results: dict[str, list[LoadResult]] = {"a": [], "b": []}
    for turn in range(options.turns):
        phase = Phase(rate=rate, seconds=options.seconds, arrivals="poisson", seed=turn)
        for side in ("ab", "ba")[turn % 2]:
            results[side].append(runs[side](phase))
    return results


def _compared(
    rate: float, results: Mapping[str, Sequence[LoadResult]], knees: Mapping[str, Knee]
) -> tuple[LoadProof, Sequence[tuple[Judgement, str]]]:
    shares = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
    ratios = {
        name: mean_ratio(
            *[[max(r.latency.percentile_ms(share), 0.01) for r in results[s]] for s in "ab"]
        )
        for name, share in shares.items()
    }
    reasons: list[tuple[Judgement, str]] = []
    judged = ratios["p95"].judged(MARGIN)
    if judged != "no difference shown" and ratios["p50"].judged(MARGIN) == judged:
        told = ratios["p95"]
        said = f"p95 under load × {told.ratio:.2f} ({told.low:.2f} to {told.high:.2f})"
        reasons.append((judged, said))
    proof = LoadProof(
        rate=rate,
        a=_loaded(results["a"]),
        b=_loaded(results["b"]),
        ratios=ratios,
        knee_a=knees["a"].rate,
        knee_b=knees["b"].rate,
        notes=tuple(
            f"knee of {side.upper()}: {knee.why}" for side, knee in knees.items() if knee.why
        ),
    )
    return proof, reasons


def _loaded(results: Sequence[LoadResult]) -> Loaded:
    whole = results[0].latency.total(result.latency for result in results)
    sent = sum(result.requests for result in results)
    return Loaded(
        p50_ms=whole.percentile_ms(0.5),
        p95_ms=whole.percentile_ms(0.95),
        p99_ms=whole.percentile_ms(0.99),
        rate=sum(result.rate for result in results) / len(results),
        error_share=sum(result.failed for result in results) / max(sent, 1),
    )
