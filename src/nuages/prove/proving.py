"""Compares two versions: the same data, the same requests, the same machine, in turns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from nuages.answers import Masks, Verdict, compare_all, learn
from nuages.lab import Lab
from nuages.progress import Progress
from nuages.prove import judging
from nuages.prove.measuring import ANSWER_SECONDS, Planned, Seen, Sides, by_route, plan
from nuages.prove.statistics import Figures
from nuages.prove.values import Effect, Judgement, LoadProof, Proof
from nuages.prove.versions import Version
from nuages.traffic.mix import Mix

Loading = Callable[[Sides], tuple[LoadProof, Sequence[tuple[Judgement, str]]]]
MOST_POINTS = 400  # of a route's distribution in the report
MOST_TOLD = 5  # routes in a note


@dataclass(frozen=True, kw_only=True)
class ProveOptions:
    """How much is measured."""

    pairs: int = 4  # of processes, one of each version
    seconds: float = 3.0  # of taking turns, each pair
    confidence: float = judging.CONFIDENCE
    answer_seconds: float = ANSWER_SECONDS  # of all requests once, whose answers are compared
    varied: bool = True  # whether answers are compared on varied data, too


def prove(
    lab: Lab,
    a: Version,
    b: Version,
    mix: Mix,
    options: ProveOptions,
    *,
    progress: Progress,
    load: Loading | None = None,
) -> Proof:
    """Show whether B is better than A, worse, or another site; the lab's databases are filled.

    `load` measures both versions under load, where that is asked for.
    """
    sides = Sides(lab, a, b)
    with progress.stage("second version"):
        sides.prepare()
    everything = plan(mix, _actors(lab, sides))
    planned = sides.bounded(everything, options.answer_seconds)
    with progress.stage("answers"):
        seen = {name: sides.look(name[0], planned) for name in ("a", "b", "a2", "b2")}
        verdicts = judging.without_unsure(_compared(seen), planned)
        changed = judging.effects(seen)
    if options.varied:
        with progress.stage("answers on varied data"):
            varied = _on_varied_data(sides, planned)
            verdicts, changed = judging.with_varied(verdicts, changed, *varied)
    with progress.stage("cost"):
        figures = sides.measure(
            [each for each in planned if each.is_timed],
            pairs=options.pairs,
            seconds=options.seconds,
            progress=progress.detail,
        )
    loaded: LoadProof | None = None
    load_reasons: Sequence[tuple[Judgement, str]] = ()
    if load is not None:
        with progress.stage("load"):
            loaded, load_reasons = load(sides)
    return _proof(
        a, b, planned, seen, verdicts, changed, figures, options, loaded, load_reasons, progress,
        left_out=len(everything) - len(planned),
    )  # fmt: skip


def _actors(lab: Lab, sides: Sides) -> Sequence[str]:
    with sides.session("a", recorded=False) as session:
        names: Sequence[str] = session.call("actors", functions=dict(lab.project.config.actors))
    return names


def _compared(seen: dict[str, Seen]) -> tuple[Verdict, ...]:
    """B's answers beside A's, without what varies from A to A and from B to B."""
    masks: Masks = learn(seen["a"].answers, seen["a2"].answers)
    masks = learn(seen["b"].answers, seen["b2"].answers, masks)
    unordered = seen["a"].unordered | seen["b"].unordered
    return compare_all(masks, seen["a"].answers, seen["b"].answers, unordered=unordered)


def _on_varied_data(
    sides: Sides, planned: Sequence[Planned]
) -> tuple[tuple[Verdict, ...], tuple[Effect, ...]]:
    """What B answers and leaves otherwise on rows that are empty, hidden, negative or late."""
    sides.vary()
    seen = {name: sides.look(name, planned, varied=True) for name in ("a", "b")}
    unordered = seen["a"].unordered | seen["b"].unordered
    first = compare_all(Masks(), seen["a"].answers, seen["b"].answers, unordered=unordered)
    if all(verdict.is_same for verdict in first) and seen["a"].tables == seen["b"].tables:
        return (), ()
    seen |= {name: sides.look(name[0], planned, varied=True) for name in ("a2", "b2")}
    return judging.without_unsure(_compared(seen), planned), judging.effects(seen)


def _proof(
    a: Version,
    b: Version,
    planned: Sequence[Planned],
    seen: dict[str, Seen],
    verdicts: tuple[Verdict, ...],
    changed: tuple[Effect, ...],
    figures: tuple[Figures, Figures],
    options: ProveOptions,
    loaded: LoadProof | None,
    load_reasons: Sequence[tuple[Judgement, str]],
    progress: Progress,
    *,
    left_out: int,
) -> Proof:
    overall = judging.overall_proof(planned, seen, *figures)
    routes = judging.route_proofs(planned, seen, *figures)
    judgement, reasons = judging.concluded(overall, routes, verdicts, changed, loaded, load_reasons)
    return Proof(
        a=a.name,
        b=b.name,
        judgement=judgement,
        reasons=reasons,
        overall=replace(overall, judgement=judgement, reasons=reasons),
        routes=routes,
        answers=verdicts,
        effects=changed,
        load=loaded,
        margin=judging.MARGIN,
        confidence=options.confidence,
        pairs=options.pairs,
        rounds=sum(map(len, figures[0])),
        distributions=_distributions(planned, figures),
        notes=_notes(verdicts, planned, left_out) + _failing(planned, seen),
        seconds=dict(progress.seconds),
    )


def _distributions(
    planned: Sequence[Planned], figures: tuple[Figures, Figures]
) -> dict[str, tuple[tuple[float, ...], tuple[float, ...]]]:
    found = {}
    timed = [each for each in planned if each.is_timed]
    for route, indexes in by_route(timed).items():
        both = [np.sort(np.concatenate(each)[:, indexes].ravel()) / 1e6 for each in figures]
        step = max(1, len(both[0]) // MOST_POINTS)
        points = [tuple(round(float(value), 4) for value in each[::step]) for each in both]
        found[route] = (points[0], points[1])
    return found


def _notes(
    verdicts: Sequence[Verdict], planned: Sequence[Planned], left_out: int
) -> tuple[str, ...]:
    unfit = [verdict for verdict in verdicts if verdict.result == "not comparable"]
    untimed = sum(not each.is_timed for each in planned)
    bounded = f"{left_out:,} rarer requests were left out: answering all takes too long"
    cheaper = f"CPU was measured of {len(planned) - untimed:,} of {len(planned):,} requests"
    return (
        (bounded,) * bool(left_out)
        + (cheaper,) * bool(untimed)
        + tuple(
            f"{v.request.method} {v.route.partition(' ')[2]} as {v.request.actor} was not compared:"
            f" {v.reason}"
            for v in unfit
        )
    )


def _failing(planned: Sequence[Planned], seen: dict[str, Seen]) -> tuple[str, ...]:
    """Errors that nobody expects and that are the same errors: little is compared there."""
    both = zip(planned, seen["a"].answers, seen["b"].answers, strict=True)
    statuses = {
        each.route: a.status for each, a, b in both
        if a.status == b.status >= 400 and not each.template.is_good(a.status)
    }  # fmt: skip
    told = [f"{route} ({status})" for route, status in statuses.items()]
    more = f" and {len(told) - MOST_TOLD} more" if told[MOST_TOLD:] else ""
    said = f"an error from both: {', '.join(told[:MOST_TOLD])}{more}"
    return (said,) if told else ()
