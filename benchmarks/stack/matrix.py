"""What fails, and how: each a function that does it to a stack under load."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.stack.running import RunningStack
from benchmarks.stack.sender import Tally
from nuages.stack.home import StackError

SERVICES = """
[tool.nuages.topology.services.api]
routes = ["/visits/"]
replicas = 1

[tool.nuages.topology.services.idle]
kind = "worker"
command = "python -c 'import time; time.sleep(1000)'"
"""  # pyproject.toml of a project with more than one service
MANY = 10_000  # allowed failures where only the count is of interest


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One failure, and how many requests of each kind may fail of it."""

    name: str
    title: str  # as docs/reliability.md has it
    do: Callable[[RunningStack], object]
    gets: int = 0  # failures allowed
    posts: int = 0
    after: float = 1.5  # seconds of load after it
    is_slow: bool = False  # only for the table, and for MATRIX=1 pytest
    of_services: bool = False  # needs the stack that SERVICES makes


@dataclass(frozen=True, kw_only=True)
class Result:
    """What one scenario cost."""

    name: str
    title: str
    gets: int
    posts: int
    failed_gets: int
    failed_posts: int
    why: dict[str, int]
    p50_ms: float
    p99_ms: float
    lost_writes: int
    seconds: float
    allowed: str

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def run(scenario: Scenario, stack: RunningStack) -> Result:
    """Do it under load, and wait until the stack is whole again."""
    started = time.monotonic()
    tally = stack.under_load(lambda: scenario.do(stack), after=scenario.after)
    stack.wait_ready("web", 2)
    return _result(scenario, stack, tally, time.monotonic() - started)


def _result(scenario: Scenario, stack: RunningStack, tally: Tally, seconds: float) -> Result:
    return Result(
        name=scenario.name,
        title=scenario.title,
        gets=tally.sent("GET"),
        posts=tally.sent("POST"),
        failed_gets=len(tally.failed("GET")),
        failed_posts=len(tally.failed("POST")),
        why=tally.why(),
        p50_ms=tally.percentile(0.50),
        p99_ms=tally.percentile(0.99),
        lost_writes=len(stack.lost_writes()),
        seconds=round(seconds, 1),
        allowed=_allowed(scenario),
    )


def _allowed(scenario: Scenario) -> str:
    if not scenario.gets and not scenario.posts:
        return "none"
    return "writes in flight" if not scenario.gets else "as few as can be"


def restart_web(stack: RunningStack) -> None:
    stack.ask("restart", names=["web"])


def restart_all(stack: RunningStack) -> None:
    stack.ask("restart", names=[])


def scale_up_and_down(stack: RunningStack) -> None:
    stack.ask("scale", service="web", replicas=4)
    time.sleep(0.5)
    stack.ask("scale", service="web", replicas=2)


def restart_broken(stack: RunningStack) -> None:
    """A roll to code that cannot be imported: refused, and the old code serves on."""
    module = stack.root / "tills" / "wsgi.py"
    text = module.read_text("utf-8")
    module.write_text(f"{text}\nraise RuntimeError('a mistake')\n", "utf-8")
    try:
        stack.ask("restart", names=["web"])
    except StackError:
        return
    finally:
        module.write_text(text, "utf-8")
    raise AssertionError("a version that does not start was taken for one that does")


def kill_replica(stack: RunningStack) -> None:
    stack.kill("web")


def hang_replica(stack: RunningStack) -> None:
    """Stopped whole for longer than the balancer's check waits, then let go on."""
    group = os.getpgid(stack.pid("web"))
    os.killpg(group, signal.SIGSTOP)
    time.sleep(7)
    os.killpg(group, signal.SIGCONT)


def hang_for_good(stack: RunningStack) -> None:
    """Stopped whole, and never let go on."""
    os.killpg(os.getpgid(stack.pid("web")), signal.SIGSTOP)
    time.sleep(24)


def slow_replica(stack: RunningStack) -> None:
    """A quarter of the speed, for three seconds."""
    group = os.getpgid(stack.pid("web"))
    for _ in range(10):
        os.killpg(group, signal.SIGSTOP)
        time.sleep(0.225)
        os.killpg(group, signal.SIGCONT)
        time.sleep(0.075)


def restart_pgbouncer(stack: RunningStack) -> None:
    stack.ask("restart", names=["pgbouncer"])


def kill_pgbouncer(stack: RunningStack) -> None:
    stack.kill("pgbouncer")


def restart_postgres(stack: RunningStack) -> None:
    stack.ask("restart", names=["postgres"])


def stop_postgres(stack: RunningStack) -> None:
    """As an upgrade of the system's packages would: nobody says PAUSE before."""
    stack.kill("postgres", signal.SIGINT)


def kill_postgres(stack: RunningStack) -> None:
    stack.kill("postgres")


def kill_valkey(stack: RunningStack) -> None:
    stack.kill("valkey")


def valkey_gone(stack: RunningStack) -> None:
    """Killed whenever it is back, for three seconds."""
    deadline = time.monotonic() + 3
    while time.monotonic() < deadline:
        for row in [row for row in stack.rows() if row["name"] == "valkey" and row["pid"]]:
            with suppress(ProcessLookupError):
                os.kill(row["pid"], signal.SIGKILL)
        time.sleep(0.05)


def hang_valkey(stack: RunningStack) -> None:
    pid = stack.pid("valkey")
    os.kill(pid, signal.SIGSTOP)
    time.sleep(2)
    os.kill(pid, signal.SIGCONT)


def restart_caddy(stack: RunningStack) -> None:
    stack.ask("restart", names=["caddy"])


def kill_caddy(stack: RunningStack) -> None:
    stack.kill("caddy")


def fill_disk(stack: RunningStack) -> None:
    """Every log on a device that has no space left, from the next replica on."""
    for name in [f"web-{slot}" for slot in range(1, 17)]:
        path: Path = stack.home.logs / f"{name}.log"
        path.unlink(missing_ok=True)
        path.symlink_to("/dev/full")
    stack.ask("restart", names=["web"])
    for path in stack.home.logs.glob("web-*.log"):
        path.unlink()


SCENARIOS: tuple[Scenario, ...] = (
    Scenario(name="restart", title="rolling restart of the service", do=restart_web),
    Scenario(name="restart-all", title="rolling restart of every service, workers too",
             do=restart_all, of_services=True),
    Scenario(name="scale", title="scaled from 2 to 4 replicas and back", do=scale_up_and_down),
    Scenario(name="restart-broken", title="rolled to a version that does not start",
             do=restart_broken, is_slow=True),
    Scenario(name="kill-replica", title="replica `kill -9`", do=kill_replica, posts=5, after=3),
    Scenario(name="hung-replica", title="replica hangs for 7 s", do=hang_replica, after=2.5),
    Scenario(name="hung-for-good", title="replica hangs for good", do=hang_for_good,
             gets=MANY, posts=MANY, is_slow=True),
    Scenario(name="slow-replica", title="replica at a quarter of its speed", do=slow_replica),
    Scenario(name="restart-pgbouncer", title="PgBouncer replaced", do=restart_pgbouncer,
             is_slow=True),
    Scenario(name="restart-postgres", title="PostgreSQL restarted behind PAUSE and RESUME",
             do=restart_postgres),
    Scenario(name="stop-postgres", title="PostgreSQL stopped by somebody else",
             do=stop_postgres, gets=MANY, posts=MANY, after=3),
    Scenario(name="kill-postgres", title="PostgreSQL `kill -9`",
             do=kill_postgres, gets=MANY, posts=MANY, after=3),
    Scenario(name="kill-pgbouncer", title="PgBouncer `kill -9`",
             do=kill_pgbouncer, gets=MANY, posts=MANY, is_slow=True),
    Scenario(name="kill-valkey", title="Valkey `kill -9`", do=kill_valkey),
    Scenario(name="valkey-gone", title="Valkey gone for 3 s, and back", do=valkey_gone, after=4,
             is_slow=True),
    Scenario(name="hang-valkey", title="Valkey hangs for 2 s", do=hang_valkey, is_slow=True),
    Scenario(name="restart-caddy", title="Caddy replaced", do=restart_caddy, gets=MANY, posts=MANY),
    Scenario(name="kill-caddy", title="Caddy `kill -9`", do=kill_caddy, gets=MANY, posts=MANY,
             is_slow=True),
    Scenario(name="disk-full", title="no space left for logs, then a rolling restart",
             do=fill_disk, is_slow=True),
)  # fmt: skip
