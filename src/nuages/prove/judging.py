"""What the figures, the answers and the tables of two versions show together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from nuages.answers import Answer, Verdict
from nuages.prove.measuring import Planned, Seen, by_route, varying_counts
from nuages.prove.statistics import Figures, corrected, of, ratio
from nuages.prove.values import Costs, Effect, Judgement, LoadProof, RouteProof

MARGIN = 0.02  # of CPU: what is smaller is no reason to do or to leave anything
ROUTE_MARGIN = 0.05  # a route has fewer requests
CONFIDENCE = 0.95
ROUTE_CPU_MS = 0.2  # costs below it are mostly those of Django itself


def route_proofs(
    planned: Sequence[Planned], seen: Mapping[str, Seen], a: Figures, b: Figures
) -> tuple[RouteProof, ...]:
    """Each route by itself; the more there are, the surer each has to be."""
    routes = by_route(planned)
    unsteady = varying_counts(seen["a"].answers, seen["a2"].answers) | varying_counts(
        seen["b"].answers, seen["b2"].answers
    )
    level = corrected(CONFIDENCE, len({each.route for each in planned if each.is_timed}))
    return tuple(
        _proof(planned, indexes, seen, a, b, route=route, level=level,
               steady=not any(planned[i].request in unsteady for i in indexes))
        for route, indexes in sorted(routes.items())
    )  # fmt: skip


def overall_proof(
    planned: Sequence[Planned], seen: Mapping[str, Seen], a: Figures, b: Figures
) -> RouteProof:
    """All requests, weighted as in the traffic."""
    everything = list(range(len(planned)))
    return _proof(planned, everything, seen, a, b, route="", level=CONFIDENCE, steady=False)


def _proof(
    planned: Sequence[Planned],
    indexes: Sequence[int],
    seen: Mapping[str, Seen],
    a: Figures,
    b: Figures,
    *,
    route: str,
    level: float,
    steady: bool,
) -> RouteProof:
    weights = [planned[i].weight for i in indexes]
    columns = {i: column for column, i in enumerate(timed(planned))}
    measured = [columns[i] for i in indexes if i in columns]
    told = [planned[i].weight for i in indexes if i in columns]
    costs = {
        side: replace(
            _costs([_steadier(seen, side, i) for i in indexes], weights),
            cpu_ms=_cpu_ms(of(figures, measured), told) if measured else None,
        )
        for side, figures in (("a", a), ("b", b))
    }
    cpu = ratio(of(a, measured), of(b, measured), told, confidence=level) if measured else None
    reasons: list[tuple[Judgement, str]] = []
    judged = cpu.judged(ROUTE_MARGIN if route else MARGIN) if cpu else "no difference shown"
    # A route that costs next to nothing can double without anybody noticing.
    if cpu and judged != "no difference shown" and _is_dear(*costs.values()):
        reasons.append((judged, f"CPU × {cpu.ratio:.2f} ({cpu.low:.2f} to {cpu.high:.2f})"))
    queries = (costs["a"].queries, costs["b"].queries)
    if steady and abs(queries[1] - queries[0]) > 1e-9:
        worse: Judgement = "worse" if queries[1] > queries[0] else "better"
        reasons.append((worse, f"{queries[0]:.4g} queries, then {queries[1]:.4g}"))
    return RouteProof(
        route=route,
        a=costs["a"],
        b=costs["b"],
        cpu=cpu,
        judgement=_together([judgement for judgement, _ in reasons]),
        reasons=tuple(reason for _, reason in reasons),
        requests=len(indexes),
        share=sum(weights),
    )


def timed(planned: Sequence[Planned]) -> list[int]:
    """Indexes of the requests that the figures are of, in their order."""
    return [index for index, each in enumerate(planned) if each.is_timed]


def _is_dear(*costs: Costs) -> bool:
    return max(each.cpu_ms or 0.0 for each in costs) >= ROUTE_CPU_MS


def _steadier(seen: Mapping[str, Seen], side: str, index: int) -> Answer:
    """The answer with the less time in the database of two: what disturbs only ever adds to it."""
    first, again = seen[side].answers[index], seen[side + "2"].answers[index]
    return replace(first, db_ns=min(first.db_ns, again.db_ns))


def _costs(answers: Sequence[Answer], weights: Sequence[float]) -> Costs:
    share = np.asarray(weights) / sum(weights)
    return Costs(
        queries=float(np.dot([answer.queries for answer in answers], share)),
        rows=float(np.dot([answer.rows for answer in answers], share)),
        db_ms=float(np.dot([answer.db_ns for answer in answers], share)) / 1e6,
    )


def _cpu_ms(cpu: Figures, weights: Sequence[float]) -> float:
    share = np.asarray(weights) / sum(weights)
    return float(np.median(np.concatenate(cpu), axis=0) @ share) / 1e6


def _together(judgements: Sequence[Judgement]) -> Judgement:
    """One for several: what got worse is not made up for by what got better."""
    order: tuple[Judgement, ...] = ("different answers", "worse", "better")
    return next((each for each in order if each in judgements), "no difference shown")


def effects(seen: Mapping[str, Seen]) -> tuple[Effect, ...]:
    """Tables that B left otherwise than A, apart from what varies from run to run."""
    found = []
    for table, before in seen["a"].tables.items():
        after = seen["b"].tables.get(table)
        if after is None:
            continue  # a migration took it away: that is no effect of a request
        again = (seen["a2"].tables.get(table, {}), seen["b2"].tables.get(table, {}))
        what = _difference(before, after, *again)
        if what:
            found.append(Effect(table=table, what=what))
    return tuple(found)


def with_varied(
    verdicts: Sequence[Verdict],
    changed: Sequence[Effect],
    varied: Sequence[Verdict],
    changed_varied: Sequence[Effect],
) -> tuple[tuple[Verdict, ...], tuple[Effect, ...]]:
    """What the usual data show, and what only the varied ones do."""
    known = {verdict.request for verdict in verdicts if verdict.result == "different"}
    tables = {effect.table for effect in changed}
    more = (
        replace(verdict, reason=f"{verdict.reason}, on varied data")
        for verdict in varied
        if verdict.result == "different" and verdict.request not in known
    )
    others = (
        replace(effect, what=f"{effect.what}, on varied data")
        for effect in changed_varied
        if effect.table not in tables
    )
    return (*verdicts, *more), (*changed, *others)


def _difference(
    a: Mapping[str, Any], b: Mapping[str, Any], a2: Mapping[str, Any], b2: Mapping[str, Any]
) -> str:
    steady_rows = a["rows"] == a2.get("rows") and b["rows"] == b2.get("rows")
    if a["rows"] != b["rows"]:
        return f"{a['rows']:,} rows after A, {b['rows']:,} after B" if steady_rows else ""
    shared = [name for name in a["columns"] if name in b["columns"]]
    columns = [
        name
        for name in shared
        if a["columns"][name] != b["columns"][name]
        and a["columns"][name] == a2.get("columns", {}).get(name)
        and b["columns"][name] == b2.get("columns", {}).get(name)
    ]
    return f"other values in {', '.join(columns)}" if columns else ""


def concluded(
    overall: RouteProof,
    routes: Sequence[RouteProof],
    answers: Sequence[Verdict],
    changed: Sequence[Effect],
    load: LoadProof | None,
    load_reasons: Sequence[tuple[Judgement, str]] = (),
) -> tuple[Judgement, tuple[str, ...]]:
    """The judgement on the whole, and what it rests on."""
    different = sorted({verdict.route for verdict in answers if verdict.result == "different"})
    reasons: list[tuple[Judgement, str]] = []
    if different:
        told = ", ".join(different[:3]) + (" …" if len(different) > 3 else "")
        reasons.append(("different answers", f"other answers on {len(different)} route(s): {told}"))
    reasons += [("different answers", f"table {e.table}: {e.what}") for e in changed]
    reasons += [(overall.judgement, reason) for reason in overall.reasons]
    for route in routes:
        reasons += [(route.judgement, f"{route.route}: {reason}") for reason in route.reasons]
    reasons += load_reasons if load else ()
    judgement = _together([each for each, _ in reasons])
    return judgement, tuple(reason for each, reason in reasons if each == judgement)


def without_unsure(answers: Sequence[Verdict], planned: Sequence[Planned]) -> tuple[Verdict, ...]:
    """Verdicts under the names that the traffic has for routes."""
    named = {each.request: each.route for each in planned}
    return tuple(replace(v, route=named.get(v.request, v.route)) for v in answers)
