from __future__ import annotations

import io
from collections import deque

from rich.console import Console

from nuages.up import top

ROW = {
    "name": "web-1", "service": "web", "state": "ready", "pid": 7, "uptime_s": 200.0,
    "restarts": 1, "rps": 61.5, "p50_ms": 8.0, "p95_ms": 21.0, "p99_ms": 160.0, "errors": 2,
    "in_flight": 2, "connections": 4, "cpu_percent": 31.0, "rss_mb": 92.4,
}  # fmt: skip
SILENT = {"name": "pgbouncer", "answers": False}
STATEMENTS = [
    {"sql": "SELECT [bold] FROM slow", "calls": 3, "mean_ms": 31.5, "max_ms": 90.0},
    {"sql": "SELECT 1", "calls": 900, "mean_ms": 0.1, "max_ms": 1.0},
]
TOLD = {
    "project": "shop", "url": "http://127.0.0.1:8000/", "status_url": "http://127.0.0.1:8001/",
    "uptime_s": 400.0, "budgets": {"response_ms": 100.0, "query_ms": 20.0},
    "all": {**ROW, "hit_rate": 0.75, "failed": 1},
    "balancer": {"in_flight": 3, "fails": 0, "errors": 4},
    "processes": [
        ROW,
        {**ROW, "name": "pgbouncer", "service": "", "rps": None},
        {**ROW, "name": "postgres", "service": "", "rps": None},
    ],
    "pools": [SILENT], "caches": [],
    "databases": [{"name": "postgres", "answers": True, "active": 1, "idle": 5, "locked": 0,
                   "in_transaction": 2, "max_connections": 100, "lag_bytes": 1200,
                   "statements": STATEMENTS}],
    "news": [{"at": 0.0, "text": "web-1 killed by SIGKILL; starting another"}],
}  # fmt: skip


def shown(**changed) -> str:
    out = io.StringIO()
    Console(file=out, width=160).print(top.screen({**TOLD, **changed}, deque([10.0, 30.0])))
    return out.getvalue()


def test_everything_is_on_one_screen():
    text = shown()
    for part in (
        "61.5 requests/s", "p99 160 ms", "6 errors", "cache 75 %", "100 ms a response",
        "does not answer", "2 in transaction", "1,200 bytes behind", "SELECT [bold] FROM slow",
        "killed by SIGKILL",
    ):  # fmt: skip
        assert part in text
    assert len(text.splitlines()) < 24


def test_the_slowest_statement_comes_first():
    text = shown()
    assert text.index("FROM slow") < text.index("SELECT 1 ")


def test_a_stack_that_nobody_has_asked_yet():
    nothing = {**TOLD["all"], "rps": None, "p50_ms": None, "p95_ms": None, "p99_ms": None}
    assert "p50 –" in shown(all={**nothing, "hit_rate": None})


def test_bars_are_as_high_as_their_share_of_the_greatest():
    assert top.sparkline(deque([0.0, 50.0, 100.0])) == " ▄█"
    assert top.sparkline(deque([0.0])) == " "
