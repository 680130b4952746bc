"""Puts load on a served version: who is let in, what is watched, and what both versions do."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace

from nuages.lab import BASE, Lab
from nuages.load import Knee, LoadResult, Phase, Steps, find_knee
from nuages.load.knee import LEAST
from nuages.load.observing import Observer
from nuages.load.running import Workers
from nuages.load.saturation import Saturation, saturation
from nuages.load.target import Target
from nuages.load.values import Budget
from nuages.prove.measuring import Sides
from nuages.prove.statistics import mean_ratio
from nuages.prove.values import Judgement, Loaded, LoadProof
from nuages.serving import Served, ServerOptions, serve
from nuages.stack.home import Home
from nuages.traffic.mix import Actor, Mix
from nuages.watching import of_served, of_stack
from nuages.wording import percent

# A server imports, compiles templates and connects for its first requests: no user of a site that
# runs meets that. Not counted.
WARM_UP = Phase(rate=10.0, seconds=2.0, timeout=30.0)
LEAST_ERRORS = 3  # under load, more of one version than of the other
TURNS = 5  # phases of each version
TURN_SECONDS = 5.0
SHARE_OF_KNEE = 0.5  # of the smaller knee: where both still answer without a queue
MARGIN = 0.15  # of latencies: they vary more than CPU does
KNEE_SECONDS = 4.0
START = 5.0  # requests a second of the first step
HARDLY_ANY = 2.0  # requests a second, where a version holds no rate


@dataclass(frozen=True, kw_only=True)
class LoadOptions:
    """How much load is put on both versions."""

    rate: float | None = None  # requests a second; None: half of the smaller knee
    servers: ServerOptions = field(default_factory=ServerOptions)
    budget: Budget = field(default_factory=Budget)
    turns: int = TURNS
    seconds: float = TURN_SECONDS  # of each turn
    knee_seconds: float = KNEE_SECONDS  # of each step towards the knee


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
    home: Home | None = None  # of the stack that runs it, where `nuages up` does
    processes: int | None = None
    measured: list[Measured] = field(default_factory=list)

    @contextmanager
    def running(self, budget: Budget) -> Iterator[Callable[[Phase], LoadResult]]:
        """Run phases, watched."""
        with Workers(self.mix, self.target, processes=self.processes) as workers:
            if self.served is not None:
                workers.run(WARM_UP)

            def run(phase: Phase) -> LoadResult:
                with self._observer() as observer:
                    result = workers.run(phase)
                told = saturation(result, observer.observed(), budget)
                self.measured.append(Measured(result=result, saturation=told))
                return result

            yield run

    def _observer(self) -> Observer:
        if self.home is not None:
            return of_stack(self.home)
        if self.served is None or self.lab is None:
            return Observer()
        return of_served(self.served, self.lab)


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
    recorded: bool = False,
) -> Iterator[Site]:
    """A version of the project, served, with its actors let in.

    `recorded`: lightly, to tell what its requests wait for.
    """
    host, actors, _ = credentials(lab, template=template)
    with serve(
        lab, host=host, template=template, edits=edits, options=options, recorded=recorded
    ) as served:
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
        knees: dict[str, Knee] = {}
        start = START
        for side, run in runs.items():
            knees[side] = knee_of(run, budget, seconds=options.knee_seconds, start=start)
            start = max(START, SHARE_OF_KNEE * (knees[side].rate or 0.0))  # the other is near
        first = {side: gave_out(site.measured, budget) for side, site in sites.items()}
        rates = [knee.rate for knee in knees.values() if knee.rate]
        rate = options.rate or (SHARE_OF_KNEE * min(rates) if rates else HARDLY_ANY)
        results = _in_turns(runs, rate, options)
    proof, reasons = _compared(rate, results, knees)
    return replace(proof, first_a=first["a"], first_b=first["b"]), reasons


def knee_of(
    run: Callable[[Phase], LoadResult],
    budget: Budget,
    *,
    seconds: float = KNEE_SECONDS,
    start: float = START,
) -> Knee:
    """The highest rate that held, found in short steps from that rate on."""
    steps = Steps(start=start, seconds=seconds, budget=budget, closeness=0.25)
    return find_knee(run, steps, Phase(rate=1, seconds=seconds, arrivals="poisson"))


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
    seconds = min(max(options.seconds, LEAST / rate), 2 * options.seconds)
    for turn in range(options.turns):
        phase = Phase(rate=rate, seconds=seconds, arrivals="poisson", seed=turn)
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
    failed = {side: sum(each.failed for each in results[side]) for side in "ab"}
    a, b = _loaded(results["a"]), _loaded(results["b"])
    # Counts of rare things vary by their root: three of it and a few are no chance.
    if abs(failed["b"] - failed["a"]) > 3 * math.sqrt(failed["a"] + failed["b"]) + LEAST_ERRORS:
        worse: Judgement = "worse" if failed["b"] > failed["a"] else "better"
        shares_ = f"{percent(a.error_share, 2)}, then {percent(b.error_share, 2)}"
        reasons.append((worse, f"errors under load: {shares_}"))
    proof = LoadProof(
        rate=rate,
        a=a,
        b=b,
        routes=_by_route(results),
        ratios=ratios,
        knee_a=knees["a"].rate,
        knee_b=knees["b"].rate,
        notes=tuple(
            f"knee of {side.upper()}: {knee.why}" for side, knee in knees.items() if knee.why
        ),
    )
    return proof, reasons


def _by_route(
    results: Mapping[str, Sequence[LoadResult]],
) -> dict[str, tuple[Loaded, Loaded]]:
    """Each route that both answered, of all turns together."""
    routes = [{route for each in results[side] for route in each.routes} for side in "ab"]
    return {
        route: (_loaded(_only(results["a"], route)), _loaded(_only(results["b"], route)))
        for route in sorted(routes[0] & routes[1])
    }


def _only(results: Sequence[LoadResult], route: str) -> list[LoadResult]:
    return [replace(r, routes={route: r.routes[route]} if route in r.routes else {})
            for r in results]  # fmt: skip


def _loaded(results: Sequence[LoadResult]) -> Loaded:
    whole = results[0].latency.total(result.latency for result in results)
    sent = sum(result.requests for result in results)
    return Loaded(
        requests=sent,
        p50_ms=whole.percentile_ms(0.5),
        p95_ms=whole.percentile_ms(0.95),
        p99_ms=whole.percentile_ms(0.99),
        rate=sum(result.rate for result in results) / len(results),
        latencies=tuple(whole.percentile_ms(share / 100) for share in range(1, 100)),
        error_share=sum(result.failed for result in results) / max(sent, 1),
    )
