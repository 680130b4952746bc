"""docs/reliability.md: what was measured, as a page."""

from __future__ import annotations

from typing import Any

from benchmarks.stack import matrix, running, throughput

HEAD = """\
# Reliability

What the stack of `nuages up` loses when its parts fail or are replaced: counted, not argued. Each line is one run of
two replicas under steady load: {rps:.0f} requests/s, sent at their times whatever became of the last ones, a third of them
writes, the rest lists, a session and a cache. The sender never tries again; an answer other than 2xx, a connection that
breaks and 30 s of silence are failures. Every write that was acknowledged is looked for in the database afterwards.

Measured by `python -m benchmarks.stack --matrix` in {date}, on {cpus} shared cores with CPython {python}. The tests in
`tests/acceptance/test_stack.py` hold the line on every change.

| what happens | GET failed | POST failed | acknowledged writes lost | p99 meanwhile |
|---|---|---|---|---|
"""

WHY = """
## Why so few

- **A replica is replaced** in a slot of its own: the balancer has twice as many slots as replicas and is never reloaded.
  The new one must be ready for two of its checks before the old one says that it drains; that one is asked to end after
  two more checks, when no request is on its way to it.
- **A replica dies**: what it was at work on is lost. Reads are sent to another one; writes are not, as nobody knows
  whether they were done, and their senders get a 502.
- **A replica hangs**: the balancer takes it out after 5 s without an answer, and a new one is started after 6 s. Only after
  30 s it is killed: if it comes back before, its requests are answered.
- **PostgreSQL restarts**: PgBouncer holds queries back (PAUSE) until it is there again. That goes for a restart that
  nobody announced, too: nuages hears of the shutdown in PostgreSQL's log, and of a crash by the end of its process. Only
  transactions that were open are lost.
- **PgBouncer and Caddy** get their listening sockets from the supervisor, which keeps them open: whoever connects while one of them is started again
  waits. `nuages restart pgbouncer` starts a second one, moves each replica over to it and ends the first.
- **Valkey** holds nothing that is not elsewhere: sessions are in the database as well, a cache that is gone is
  an empty cache.
- **A log that cannot be written** is dropped and counted (`nuages ps` says so): processes print into pipes.
"""

ENDINGS = """
## How it ends

- `kill -9` of the supervisor: {supervisor_killed_left} processes were left.
- Ctrl-C twice: {interrupted_left} processes were left, after {interrupted_seconds} s.
- `nuages down`, then `nuages up`: {lost} of {written} writes were lost.
- A second `nuages up` of the same project is refused, as is a port that somebody listens on; the first stack serves on.
- From the command to the first answer, for examples/chorus with nothing there yet: {cold_start_seconds} s.
"""

SPEED = """
## What it costs

{connections} connections (wrk) to everything on the same two cores, in turn, {rounds} rounds; ratios above 1 are in favour of
`nuages up`, with the least and the greatest round. By hand: nginx with kept connections, gunicorn with {threads} threads
in each of two preloaded workers, the same PgBouncer, PostgreSQL and settings, less the check of each connection before its use.
`python -m benchmarks.stack --throughput` repeats it.

{table}
"""


def render(results: dict[str, Any]) -> str:
    """The page, of what was kept of all runs."""
    machine = results["machine"]
    parts = [HEAD.format(rps=running.RPS, **{key: machine[key] for key in
                                            ("date", "cpus", "python")})]  # fmt: skip
    told = results.get("matrix", {})
    for scenario in matrix.SCENARIOS:
        if scenario.name in told:
            parts.append(_row(told[scenario.name]))
    parts.append(WHY)
    if "endings" in results:
        parts.append(ENDINGS.format(**results["endings"]))
    if "throughput" in results:
        figures = results["throughput"]
        rounds = len(next(iter(next(iter(figures.values())).values())))
        parts.append(SPEED.format(
            connections=throughput.CONNECTIONS, rounds=rounds, threads=4,
            table=throughput.table(figures),
        ))  # fmt: skip
    return "".join(parts)


def _row(result: dict[str, Any]) -> str:
    gets = f"{result['failed_gets']} of {result['gets']:,}"
    posts = f"{result['failed_posts']} of {result['posts']:,}"
    p99 = f"{result['p99_ms']:,.0f} ms"
    return f"| {result['title']} | {gets} | {posts} | {result['lost_writes']} | {p99} |\n"
