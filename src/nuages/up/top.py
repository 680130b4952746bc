"""`nuages top`: what the status page shows, in the terminal."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from nuages.stack import control
from nuages.up.showing import span
from nuages.wording import percent

SECONDS = 1.0
BARS = " ▁▂▃▄▅▆▇█"
STATEMENTS = 6
NEWS = 4


def watch(path: Path, console: Console, *, once: bool = False) -> None:
    """Show the stack behind a control socket until Ctrl-C; once, where there is no terminal."""
    rates: deque[float] = deque(maxlen=60)
    if once:
        control.ask(path, "status")  # rates are between two looks
        time.sleep(SECONDS)
        console.print(screen(control.ask(path, "status"), rates))
        return
    with Live(console=console, screen=True, auto_refresh=False) as live:
        while True:
            live.update(screen(control.ask(path, "status"), rates), refresh=True)
            time.sleep(SECONDS)


def screen(told: Mapping[str, Any], rates: deque[float]) -> RenderableType:
    """Everything, one below the other; `rates` are the requests/s so far, and get this one."""
    rates.append(told["all"]["rps"] or 0.0)
    parts: list[RenderableType] = [
        _head(told),
        Text(sparkline(rates), style="cyan"),
        _services(told),
        Text(""),
    ]
    parts += [_servers(told), Text(""), _statements(told)]
    news = [f"{_clock(each['at'])}  {each['text']}" for each in told["news"][-NEWS:]]
    return Group(*parts, *(Text(line, style="dim") for line in news))


def sparkline(values: deque[float]) -> str:
    """A bar for each value, the greatest a whole one."""
    most = max(values, default=0.0) or 1.0
    return "".join(BARS[round(value / most * (len(BARS) - 1))] for value in values)


def _clock(at: float) -> str:
    return time.strftime("%H:%M:%S", time.localtime(at))


def _head(told: Mapping[str, Any]) -> Text:
    now, budget = told["all"], told["budgets"]["response_ms"]
    text = Text.from_markup(
        f"[bold]{escape(told['project'])}[/]  {told['url']}  up {span(told['uptime_s'])}"
        f"   status {told['status_url']}\n"
    )
    text.append(f"{now['rps'] or 0:g} requests/s   ")
    for name in ("p50", "p95", "p99"):
        value = now[f"{name}_ms"]
        style = "red" if value is not None and value > budget else ""
        text.append(f"{name} {_ms(value) or '–'}   ", style=style)
    errors = now["errors"] + told["balancer"]["errors"]
    text.append(f"{errors} errors   ", style="red" if now["failed"] else "")
    hits = "–" if now["hit_rate"] is None else percent(now["hit_rate"])
    text.append(f"{told['balancer']['in_flight']} in flight   cache {hits}   ")
    text.append(f"CPU {now['cpu_percent']:.0f} %   {now['rss_mb']:.0f} MB   ")
    text.append(f"budgets: {budget:g} ms a response, {told['budgets']['query_ms']:g} ms a query",
                style="dim")  # fmt: skip
    return text


def _services(told: Mapping[str, Any]) -> Table:
    table = _table("replica", "state", "up", "restarts", "req/s", "p50", "p95", "p99", "5xx",
                   "flight", "conns", "CPU", "RSS")  # fmt: skip
    budget = told["budgets"]["response_ms"]
    for row in told["processes"]:
        if row["service"]:
            table.add_row(*_replica(row, budget))
    return table


def _replica(row: Mapping[str, Any], budget: float) -> Iterator[str]:
    yield row["name"]
    yield _state(row["state"])
    yield span(row["uptime_s"])
    yield str(row["restarts"])
    yield "" if row["rps"] is None else f"{row['rps']:g}"
    for name in ("p50_ms", "p95_ms", "p99_ms"):
        yield _red(_ms(row[name]), row[name] is not None and row[name] > budget)
    yield _red("" if row["errors"] is None else str(row["errors"]), bool(row["errors"]))
    yield "" if row["in_flight"] is None else str(row["in_flight"])
    yield "" if row["connections"] is None else str(row["connections"])
    yield f"{row['cpu_percent']:.0f} %"
    yield f"{row['rss_mb']:.0f} MB"


def _servers(told: Mapping[str, Any]) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("server", "state", "CPU", "RSS", "figures"):
        table.add_column(heading, no_wrap=heading != "figures")
    figures = {row["name"]: _figures(row) for kind in ("databases", "pools", "caches")
               for row in told[kind]}  # fmt: skip
    for row in told["processes"]:
        if not row["service"]:
            table.add_row(row["name"], _state(row["state"]), f"{row['cpu_percent']:.0f} %",
                          f"{row['rss_mb']:.0f} MB", figures.get(row["name"], ""))  # fmt: skip
    return table


def _figures(row: Mapping[str, Any]) -> str:
    if not row["answers"]:
        return "[red]does not answer[/]"
    if "waiting" in row:
        wait = "" if row["wait_ms"] is None else f", {row['wait_ms']:g} ms wait a query"
        return (f"{row['busy']} busy and {row['idle']} idle of {row['size']},"
                f" {row['clients']} clients, {row['waiting']} waiting{wait}")  # fmt: skip
    if "hits" in row:
        rate = "–" if row["hit_rate"] is None else percent(row["hit_rate"])
        return (f"{rate} hits, {row['used_mb']:g} of {row['limit_mb']} MB,"
                f" {row['evicted']} evicted")  # fmt: skip
    behind = "" if row["lag_bytes"] is None else f", {row['lag_bytes']:,} bytes behind"
    return (f"{row['active']} active, {row['idle']} idle, {row['in_transaction']} in transaction,"
            f" {row['locked']} locked, of {row['max_connections']}{behind}")  # fmt: skip


def _statements(told: Mapping[str, Any]) -> Table:
    table = Table(box=None, pad_edge=False, expand=True)
    table.add_column("slowest statements", no_wrap=True, ratio=1)
    for heading in ("calls", "mean", "longest"):
        table.add_column(heading, justify="right", no_wrap=True, min_width=8)
    found = [each for row in told["databases"] for each in row.get("statements") or ()]
    for each in sorted(found, key=lambda each: -float(each["mean_ms"]))[:STATEMENTS]:
        late = each["mean_ms"] > told["budgets"]["query_ms"]
        table.add_row(escape(each["sql"]), str(each["calls"]), _red(_ms(each["mean_ms"]), late),
                      _ms(each["max_ms"]))  # fmt: skip
    return table


def _table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for number, heading in enumerate(headings):
        table.add_column(heading, no_wrap=True, justify="left" if number < 2 else "right")
    return table


def _state(state: str) -> str:
    return f"[green]{state}[/]" if state == "ready" else f"[red]{state}[/]"


def _red(text: str, so: bool) -> str:
    return f"[red]{text}[/]" if so else text


def _ms(value: float | None) -> str:
    return "" if value is None else f"{value:.3g} ms"
