"""What a proof says: as JSON, and for a terminal."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from nuages.answers import Verdict
from nuages.model import SCHEMA
from nuages.prove import Costs, Interval, Loaded, Proof, RouteProof
from nuages.prove.values import LoadProof
from nuages.wording import percent

Json = dict[str, Any]
COLOURS = {"better": "green", "worse": "red", "different answers": "red"}


def proof_json(proof: Proof) -> Json:
    """A proof as docs/reference/json.md describes it."""
    return {
        "schema": SCHEMA,
        "a": proof.a,
        "b": proof.b,
        "verdict": proof.judgement,
        "reasons": list(proof.reasons),
        "margin": proof.margin,
        "confidence": proof.confidence,
        "pairs": proof.pairs,
        "rounds": proof.rounds,
        "overall": _route(proof.overall),
        "routes": {route.route: _route(route) for route in proof.routes},
        "answers": {
            "same": sum(verdict.is_same for verdict in proof.answers),
            "different": [_difference(verdict) for verdict in proof.different],
            "not_comparable": sum(v.result == "not comparable" for v in proof.answers),
        },
        "effects": [{"table": each.table, "what": each.what} for each in proof.effects],
        "load": None if proof.load is None else _load(proof.load),
        "notes": list(proof.notes),
        "seconds": {stage: round(spent, 1) for stage, spent in proof.seconds.items()},
    }


def _route(route: RouteProof) -> Json:
    return {
        "verdict": route.judgement,
        "reasons": list(route.reasons),
        "share": round(route.share, 4),
        "requests": route.requests,
        "a": _costs(route.a),
        "b": _costs(route.b),
        "cpu_ratio": _interval(route.cpu),
    }


def _costs(costs: Costs) -> Json:
    return {
        "queries": round(costs.queries, 3),
        "rows": round(costs.rows, 3),
        "db_ms": round(costs.db_ms, 3),
        "cpu_ms": None if costs.cpu_ms is None else round(costs.cpu_ms, 3),
    }


def _interval(interval: Interval | None) -> Json | None:
    if interval is None:
        return None
    return {
        "ratio": round(interval.ratio, 4),
        "low": round(interval.low, 4),
        "high": round(interval.high, 4),
    }


def _difference(verdict: Verdict) -> Json:
    return {
        "route": verdict.route,
        "path": verdict.request.path,
        "actor": verdict.request.actor,
        "reason": verdict.reason,
        "excerpt": verdict.excerpt,
    }


def _load(load: LoadProof) -> Json:
    return {
        "rate": round(load.rate, 3),
        "a": _loaded(load.a),
        "b": _loaded(load.b),
        "ratios": {name: _interval(each) for name, each in load.ratios.items()},
        "knee_a": load.knee_a,
        "knee_b": load.knee_b,
        "first_a": load.first_a,
        "first_b": load.first_b,
        "routes": {
            route: {"a": _loaded(a), "b": _loaded(b)} for route, (a, b) in load.routes.items()
        },
        "notes": list(load.notes),
    }


def _loaded(loaded: Loaded) -> Json:
    return {
        "requests": loaded.requests,
        "p50_ms": round(loaded.p50_ms, 3),
        "p95_ms": round(loaded.p95_ms, 3),
        "p99_ms": round(loaded.p99_ms, 3),
        "answered_per_second": round(loaded.rate, 3),
        "error_share": round(loaded.error_share, 6),
    }


def render_proof(proof: Proof, console: Console, most: int = 20) -> None:
    """The verdict first, then what it rests on."""
    colour = COLOURS.get(proof.judgement, "bold")
    console.print(f"[{colour}]{proof.judgement}[/]: {escape(proof.b)} beside {escape(proof.a)}")
    for reason in proof.reasons:
        console.print(f"  {escape(reason)}", highlight=False)
    for verdict in proof.different[:most]:
        asked = f"{verdict.request.method} {verdict.request.path} as {verdict.request.actor}"
        console.print(f"  {escape(asked)}: {escape(verdict.reason)}", highlight=False)
        console.print(f"    [dim]{escape(verdict.excerpt)}[/]", highlight=False)
    console.print(_table(proof, most))
    if proof.load is not None:
        _render_load(proof.load, console)
    same = sum(verdict.is_same for verdict in proof.answers)
    console.print(
        f"{same} of {len(proof.answers)} answers are the same. CPU: {proof.rounds} rounds of"
        f" {proof.pairs} pairs of processes, {percent(proof.confidence)} intervals; a change within"
        f" {percent(proof.margin)} counts as none.",
        highlight=False,
    )
    for note in proof.notes:
        console.print(f"[dim]{escape(note)}[/]", highlight=False)


def _table(proof: Proof, most: int) -> Table:
    table = Table(box=None, header_style="bold")
    table.add_column("route", overflow="fold", min_width=24)
    for name in ("queries", "rows", "db ms", "cpu ms", "cpu ×", "verdict"):
        table.add_column(name, justify="right", no_wrap=True)
    order = sorted(proof.routes, key=lambda r: (r.judgement == "no difference shown", -r.share))
    for route in (proof.overall, *order[:most]):
        cpu = route.cpu
        table.add_row(
            escape(route.route or "all, weighted"),
            _pair(route.a.queries, route.b.queries),
            _pair(route.a.rows, route.b.rows),
            _pair(route.a.db_ms, route.b.db_ms),
            "" if cpu is None else _pair(route.a.cpu_ms or 0.0, route.b.cpu_ms or 0.0),
            "" if cpu is None else f"{cpu.ratio:.2f} ({cpu.low:.2f}–{cpu.high:.2f})",
            route.judgement if route.judgement != "no difference shown" else "–",
        )
    return table


def _pair(a: float, b: float) -> str:
    first, second = f"{a:.3g}", f"{b:.3g}"
    return first if first == second else f"{first} → {second}"


def _render_load(load: LoadProof, console: Console) -> None:
    a, b = load.a, load.b
    console.print(
        f"Under {load.rate:.3g} requests/s: p50 {_pair(a.p50_ms, b.p50_ms)} ms,"
        f" p95 {_pair(a.p95_ms, b.p95_ms)} ms, p99 {_pair(a.p99_ms, b.p99_ms)} ms",
        highlight=False,
    )
    knees = [f"{knee:.3g}/s" if knee else "none" for knee in (load.knee_a, load.knee_b)]
    console.print(f"Knee: {knees[0]} → {knees[1]}", highlight=False)
    for side, first in (("A", load.first_a), ("B", load.first_b)):
        if first:
            console.print(f"[dim]First of {side} to give out: {escape(first)}[/]", highlight=False)
    for note in load.notes:
        console.print(f"[dim]{escape(note)}[/]", highlight=False)
