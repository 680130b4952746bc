"""What the stack's commands print."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from nuages.stack.home import Home, StackError

if TYPE_CHECKING:
    from nuages.up import Running

FOLLOW_SECONDS = 0.2


def announce(running: Running, console: Console) -> None:
    """Say that it serves, where, what serves, and what was changed for it."""
    console.print(f"[green]✓[/] [bold]{running.url}[/] [dim]{running.seconds} s[/]")
    console.print(f"  status: {running.status_url} (or nuages top)")
    for service in running.topology.services:
        what = service.application or " ".join(service.command)
        console.print(f"  {service.name}: {service.replicas} × {service.server} {escape(what)}")
    for note in running.notes:
        console.print(f"  {escape(note)}", soft_wrap=True)
    if running.overrides:
        console.print("  set for the stack, in its processes only (refuse one by --keep NAME):")
    for each in running.overrides:
        line = f"    {each['setting']} = {each['now']} ({each['why']})"
        console.print(escape(line), soft_wrap=True, style="dim")
    for name, why in running.kept.items():
        console.print(f"  kept as it is: {escape(name)} ({escape(why)})", soft_wrap=True)


def processes(told: Mapping[str, Any], console: Console) -> None:
    """A table of the stack's processes."""
    table = Table(box=None, pad_edge=False)
    for heading in ("process", "state", "up", "restarts"):
        table.add_column(heading, no_wrap=True)
    for heading in ("req/s", "p50", "p95", "p99", "5xx", "in flight", "conns", "CPU", "RSS"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in told["processes"]:
        table.add_row(*_cells(row))
    console.print(f"{told['url']}  up {span(told['uptime_s'])}")
    console.print(table)
    if told.get("dropped_log_bytes"):
        console.print(f"{told['dropped_log_bytes']:,} bytes of logs could not be written")


def _cells(row: Mapping[str, Any]) -> Iterator[str]:
    yield row["name"]
    yield f"[green]{row['state']}[/]" if row["state"] == "ready" else f"[red]{row['state']}[/]"
    yield span(row["uptime_s"])
    yield str(row["restarts"])
    yield _number(row["rps"])
    for name in ("p50_ms", "p95_ms", "p99_ms"):
        yield _number(row[name], " ms")
    yield _number(row["errors"])
    yield _number(row["in_flight"])
    yield _number(row["connections"])
    yield f"{row['cpu_percent']:.0f} %"
    yield f"{row['rss_mb']:.0f} MB"


def _number(value: float | None, unit: str = "") -> str:
    return "" if value is None else f"{value:g}{unit}"


def span(seconds: float) -> str:
    """How long, in one unit."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = int(seconds // 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"


def print_logs(home: Home, names: Sequence[str], *, lines: int, follow: bool) -> None:
    """Print the last lines of each log, each with its process's name; then what follows."""
    paths = sorted(path for path in home.logs.glob("*.log") if _is_asked(path.stem, names))
    if not paths:
        asked = ", ".join(names) or "this project's stack"
        raise StackError(f"there are no logs of {asked}", hint="nuages ps names the processes")
    width = max(len(path.stem) for path in paths)
    ends = {}
    for path in paths:
        text = path.read_bytes()
        ends[path] = len(text)
        for line in text.decode("utf-8", "replace").splitlines()[-lines or len(text) :]:
            print(f"{path.stem:<{width}} | {line}")
    while follow:
        time.sleep(FOLLOW_SECONDS)
        for path in sorted(home.logs.glob("*.log")):
            if _is_asked(path.stem, names):
                ends[path] = _print_new(path, ends.get(path, 0), width)


def _print_new(path: Path, start: int, width: int) -> int:
    if path.stat().st_size < start:  # rotated
        start = 0
    with path.open("rb") as file:
        file.seek(start)
        new = file.read()
    for line in new.decode("utf-8", "replace").splitlines():
        print(f"{path.stem:<{width}} | {line}", flush=True)
    return start + len(new)


def _is_asked(stem: str, names: Sequence[str]) -> bool:
    return not names or any(stem == name or stem.rpartition("-")[0] == name for name in names)
