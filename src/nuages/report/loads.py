"""What came of a load: as JSON, and for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from nuages.load.latency import Latency
from nuages.load.running import limit_of_generator
from nuages.load.saturation import Saturation, Suspect
from nuages.load.values import Knee, LoadResult
from nuages.model import SCHEMA
from nuages.traffic.mix import Mix
from nuages.wording import percent

Json = dict[str, Any]
SHARES = {"p50_ms": 0.5, "p90_ms": 0.9, "p95_ms": 0.95, "p99_ms": 0.99, "p999_ms": 0.999}


def load_json(
    results: Sequence[tuple[LoadResult, Saturation | None]], knee: Knee | None, mix: Mix
) -> Json:
    """A run of `nuages load` as docs/reference/json.md describes it."""
    return {
        "schema": SCHEMA,
        "phases": [result_json(result, told) for result, told in results],
        "knee": None if knee is None else knee_json(knee),
        "excluded": [{"route": each.route, "why": each.why} for each in mix.excluded],
    }


def result_json(result: LoadResult, told: Saturation | None = None) -> Json:
    return {
        "rate": round(result.phase.rate, 3),
        "arrivals": result.phase.arrivals,
        "seconds": result.seconds,
        "requests": result.requests,
        "answered_per_second": round(result.rate, 3),
        "errors": dict(result.errors),
        "error_share": round(result.error_share, 6),
        "latency": latency_json(result.latency),
        "routes": {
            route: {
                "requests": each.requests,
                "statuses": dict(each.statuses),
                "errors": dict(each.errors),
                "latency": latency_json(each.latency),
            }
            for route, each in result.routes.items()
        },
        "generator": {
            "processes": result.processes,
            "connections": result.connects,
            "late_p95_ms": round(result.lag.percentile_ms(0.95), 3),
            "busy": round(result.busy, 3),
            "starved": round(result.starved, 3),
            "limit": limit_of_generator(result) or None,
        },
        "saturation": None if told is None else _saturation(told),
    }


def latency_json(latency: Latency) -> Json:
    told = {name: round(latency.percentile_ms(share), 3) for name, share in SHARES.items()}
    return {**told, "mean_ms": round(latency.mean_ms, 3), "max_ms": latency.max_ms}


def knee_json(knee: Knee) -> Json:
    return {
        "rate": None if knee.rate is None else round(knee.rate, 3),
        "why": knee.why,
        "is_bound": knee.is_bound,
        "budget": {"p95_ms": knee.budget.p95_ms, "error_share": knee.budget.error_share},
    }


def _saturation(told: Saturation) -> Json:
    return {
        "first": None if told.first is None else _suspect(told.first),
        "others": [_suspect(each) for each in told.others],
        "note": told.note,
    }


def _suspect(suspect: Suspect) -> Json:
    used = None if suspect.used is None else round(suspect.used, 3)
    return {
        "name": suspect.name,
        "used": used,
        "evidence": suspect.evidence,
        "refuted": suspect.refuted,
    }


def render_load(
    results: Sequence[tuple[LoadResult, Saturation | None]],
    knee: Knee | None,
    mix: Mix,
    console: Console,
) -> None:
    """A table of phases, the knee, and of the phase that tells most its routes and its limits."""
    table = Table(box=None, header_style="bold")
    for name in ("rate/s", "answered/s", "p50", "p95", "p99", "max ms", "errors", "late p95"):
        table.add_column(name, justify="right")
    for result, _ in results:
        table.add_row(*_phase_row(result))
    console.print(table)
    shown, told = _telling(results, knee)
    if len(results) > 1:
        console.print(f"At {shown.phase.rate:.4g}/s:", highlight=False)
    _render_routes(shown, console)
    for kind, times in sorted(shown.errors.items(), key=lambda pair: -pair[1]):
        console.print(f"  {times:,} × {escape(kind)}", highlight=False)
    if limit := limit_of_generator(shown):
        console.print(f"[yellow]The generator was the limit:[/] {limit}")
    if knee is not None:
        _render_knee(knee, console)
    if told is not None:
        _render_saturation(told, console)
    if mix.excluded:
        console.print(f"[dim]Not sent: {len(mix.excluded)} routes; --json says why.[/]")


def _telling(
    results: Sequence[tuple[LoadResult, Saturation | None]], knee: Knee | None
) -> tuple[LoadResult, Saturation | None]:
    """The lowest rate that broke the budget: there something gave out first; else the last."""
    broken = [each for each in results if knee is not None and each[0].broken(knee.budget)]
    return min(broken, key=lambda each: each[0].phase.rate) if broken else results[-1]


def _phase_row(result: LoadResult) -> list[str]:
    latency = result.latency
    return [
        f"{result.phase.rate:.4g}",
        f"{result.rate:.4g}",
        *(f"{latency.percentile_ms(share):.1f}" for share in (0.5, 0.95, 0.99)),
        f"{latency.max_ms:.0f}",
        percent(result.error_share, 2) if result.failed else "0",
        f"{result.lag.percentile_ms(0.95):.1f}",
    ]


def _render_routes(result: LoadResult, console: Console, most: int = 15) -> None:
    table = Table(box=None, header_style="bold")
    table.add_column("route", overflow="fold")
    for name in ("requests", "p50", "p95", "p99 ms", "errors"):
        table.add_column(name, justify="right", no_wrap=True)
    slowest = sorted(result.routes.items(), key=lambda pair: -pair[1].latency.percentile_ms(0.95))
    for route, each in slowest[:most]:
        figures = (f"{each.latency.percentile_ms(share):.1f}" for share in (0.5, 0.95, 0.99))
        table.add_row(escape(route), f"{each.requests:,}", *figures, str(each.failed or ""))
    console.print(table)
    if len(slowest) > most:
        console.print(f"[dim]… and {len(slowest) - most} faster routes[/]")


def _render_knee(knee: Knee, console: Console) -> None:
    held = "no rate held" if knee.rate is None else f"{knee.rate:.4g} requests/s"
    budget = f"p95 ≤ {knee.budget.p95_ms:g} ms, errors ≤ {percent(knee.budget.error_share, 1)}"
    least = "" if knee.is_bound or knee.rate is None else "at least "
    console.print(f"[bold]Knee: {least}{held}[/] ({budget}); {escape(knee.why)}", highlight=False)


def _render_saturation(told: Saturation, console: Console) -> None:
    if told.first is not None:
        evidence = escape(told.first.evidence)
        console.print(f"[bold]First to give out: {told.first.name}[/], {evidence}")
    elif told.note:
        console.print(told.note)
    for each in told.others:
        used = "not measured" if each.used is None else percent(min(each.used, 1))
        evidence = escape("; ".join(filter(None, (each.evidence, each.refuted))))
        console.print(f"  [dim]{each.name}: {used}; {evidence}[/]", highlight=False)
