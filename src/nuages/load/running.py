"""Runs phases on several processes at once, and adds up what they measured."""

from __future__ import annotations

import math
import os
import pickle
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

from nuages.errors import NuagesError
from nuages.load.latency import Latency
from nuages.load.target import Target
from nuages.load.values import LoadResult, Phase, RouteLoad
from nuages.load.worker import Job, Turn
from nuages.traffic.mix import Mix
from nuages.wording import percent

HEAD_START = 0.05  # seconds from telling the processes to the first request
PER_PROCESS = 1500.0  # requests a second that one process is given before another joins in
# From where on the generator's own lateness is no longer noise beside the site's latency.
LATE_MS = 10.0
LATE_SHARE = 0.2
BUSY = 0.85  # of a core
STARVED = 0.1  # of the time
GRACE = 30.0
_MAIN = "from nuages.load.worker import main; main()"


class Workers:
    """Generator processes, started when first needed and kept for the phases that follow."""

    def __init__(self, mix: Mix, target: Target, *, processes: int | None = None) -> None:
        self._mix, self._target = mix, target
        self._most = processes or os.cpu_count() or 1
        self._asked = processes
        self._started: list[subprocess.Popen[bytes]] = []

    def run(self, phase: Phase) -> LoadResult:
        """One phase; as many processes as its rate needs, or as were asked for."""
        count = self._asked or min(self._most, max(1, math.ceil(phase.rate / PER_PROCESS)))
        while len(self._started) < count:
            self._started.append(self._start(len(self._started)))
        chosen = self._started[:count]
        turn = Turn(phase=phase, start=time.monotonic() + HEAD_START, workers=count)
        for process in chosen:
            self._tell(process, turn)
        return combined([self._heard(process) for process in chosen])

    def _start(self, number: int) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-c", _MAIN],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._tell(process, Job(mix=self._mix, target=self._target, seed=1, worker=number))
        self._heard(process)  # it is ready
        return process

    def _tell(self, process: subprocess.Popen[bytes], message: object) -> None:
        assert process.stdin is not None
        try:
            pickle.dump(message, process.stdin)
            process.stdin.flush()
        except OSError as error:
            raise _ended(process) from error

    def _heard(self, process: subprocess.Popen[bytes]) -> Any:
        assert process.stdout is not None
        try:
            return pickle.load(process.stdout)
        except (EOFError, pickle.UnpicklingError) as error:
            raise _ended(process) from error

    def close(self) -> None:
        """End the processes."""
        for process in self._started:
            process.terminate()
        for process in self._started:
            process.wait(GRACE)
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    try:
                        stream.close()
                    except OSError:
                        pass  # what could not be sent any more
        self._started.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _ended(process: subprocess.Popen[bytes]) -> NuagesError:
    return NuagesError(
        f"a process of the load generator ended ({process.poll()})", slug="load-generator"
    )


def run_load(mix: Mix, target: Target, phase: Phase, *, processes: int | None = None) -> LoadResult:
    """Send one phase of a mix to a target."""
    with Workers(mix, target, processes=processes) as workers:
        return workers.run(phase)


def combined(parts: Sequence[LoadResult]) -> LoadResult:
    """What several processes did at the same time, as one result."""
    routes = sorted({route for part in parts for route in part.routes})
    return replace(
        parts[0],
        routes={
            route: RouteLoad.total(p.routes[route] for p in parts if route in p.routes)
            for route in routes
        },
        seconds=max(part.seconds for part in parts),
        bytes_read=sum(part.bytes_read for part in parts),
        connects=sum(part.connects for part in parts),
        processes=len(parts),
        lag=Latency.total(part.lag for part in parts),
        busy=max(part.busy for part in parts),
        starved=max(part.starved for part in parts),
        waited=sum(part.waited for part in parts),
    )


def limit_of_generator(result: LoadResult) -> str:
    """Why the figures say more about the generator than about the site; "" when they don't."""
    late = result.lag.percentile_ms(0.95)
    if result.waited > result.requests * 0.001:
        return (
            f"{result.waited:,} requests found all {result.phase.connections:,} connections taken"
        )
    if late > max(LATE_MS, LATE_SHARE * result.latency.percentile_ms(0.95)):
        hungry = f"; it had no processor {percent(result.starved)} of the time"
        told = f"the generator sent 5 % of its requests more than {late:.0f} ms late"
        return told + hungry * (result.starved > STARVED)
    if result.busy > BUSY:
        return f"a process of the generator used {percent(result.busy)} of a core"
    return ""
