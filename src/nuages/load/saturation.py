"""Says what of a loaded site gave out first, and why it was nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from nuages.load.observing import Observed
from nuages.load.running import limit_of_generator
from nuages.load.values import Budget, LoadResult
from nuages.model import TimePart
from nuages.wording import percent

FULL = 0.85  # of what there is: beyond it queues grow faster than the load
NEAR = 0.7
NEEDED = 0.3  # of the time of requests: what they need less does not hold them up
# Who is waited for → what the recorder calls it. A pool of one process makes its threads wait as
# they take a connection; without one it is opening them that takes so long.
_INSIDE: Mapping[str, TimePart] = {"pool waits": "connections", "outside calls": "outside"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Suspect:
    """One thing that can run out."""

    name: str  # "CPU of replicas", "GIL", "locks", …
    used: float | None  # share of what there is; None: not measured
    evidence: str
    refuted: str = ""  # why it was not the cause, however full

    @property
    def is_full(self) -> bool:
        return self.used is not None and self.used >= FULL and not self.refuted


@dataclass(frozen=True, kw_only=True)
class Saturation:
    """The verdict on one phase."""

    first: Suspect | None  # None: nothing that was measured was near its end
    others: tuple[Suspect, ...]
    note: str = ""


def saturation(result: LoadResult, seen: Observed, budget: Budget) -> Saturation:
    """What saturated: the fullest of what is full, the nearest cause first."""
    suspects = list(_suspects(result, seen))
    full = [each for each in suspects if each.is_full]
    first = full[0] if full and not result.holds(budget) else None
    others = tuple(each for each in suspects if each is not first)
    if first is None and not result.holds(budget):
        first = _by_elimination(result, seen)
    note = "" if first or result.holds(budget) else "nothing that was measured was near its end"
    return Saturation(first=first, others=others, note=note)


def _suspects(result: LoadResult, seen: Observed) -> Iterator[Suspect]:
    """In the order in which one explains the next: locks explain busy threads, not the reverse."""
    limit = limit_of_generator(result)
    yield Suspect(
        name="generator",
        used=1.0 if limit else result.busy,
        evidence=limit or f"it used {percent(result.busy)} of a core and was in time",
    )
    yield _memory(seen)
    yield from _database(seen)
    yield from _inside(seen)
    yield from _processors(result, seen)
    yield _threads(result, seen)


def _memory(seen: Observed) -> Suspect:
    grown = sum(usage.rss_mb for usage in seen.replicas)
    swapped = seen.swapped_mb > 1
    return Suspect(
        name="memory",
        used=1.0 if swapped else min(seen.memory_share, 0.84 if seen.memory_share < 0.97 else 1.0),
        evidence=f"{percent(seen.memory_share)} of the machine's in use, replicas {grown:.0f} MB"
        + (f"; {seen.swapped_mb:.0f} MB were swapped out" if swapped else "; nothing was swapped"),
    )


def _database(seen: Observed) -> Iterator[Suspect]:
    if not seen.looks or not seen.max_connections:
        for name in ("locks", "connections", "database I/O"):
            yield Suspect(name=name, used=None, evidence="the database was not looked at")
        return
    active = _active(seen)
    for name, kind in (("locks", "Lock"), ("database I/O", "IO")):
        waiting = seen.activity[kind]
        share = waiting / active if active >= 0.5 else 0.0
        yield Suspect(
            name=name,
            used=_pace(share),
            evidence=f"{waiting:.1f} of {active:.1f} active connections waited for it in the mean",
        )
    yield Suspect(
        name="connections",
        used=seen.connections / seen.max_connections,
        evidence=f"{seen.connections} of {seen.max_connections} at most",
    )


def _active(seen: Observed) -> float:
    return sum(seen.activity[name] for name in ("running", "Lock", "IO", "LWLock", "other"))


def _inside(seen: Observed) -> Iterator[Suspect]:
    """What requests themselves waited for: then more threads would only wait for it, too."""
    for name, part in _INSIDE.items():
        if part == "connections" and seen.pool_waiting is not None:
            yield _pool(seen.pool_waiting, seen.pool_active)
            continue
        if not seen.inside.is_telling:
            yield Suspect(name=name, used=None, evidence="no replica was recorded")
            continue
        share = seen.inside.shares.get(part, 0.0)
        yield Suspect(
            name=name,
            used=_pace(share),
            evidence=f"{percent(share)} of the time of requests,"
            f" {share * seen.inside.mean_ms:.1f} ms"
            " of each",
        )


def _pool(waiting: float, active: float) -> Suspect:
    clients = waiting + active
    return Suspect(
        name="pool waits",
        used=_pace(waiting / clients) if clients >= 0.5 else 0.0,
        evidence=f"{waiting:.1f} of {clients:.1f} clients of PgBouncer waited for a connection",
    )


def _pace(share: float) -> float:
    """What half of all that is under way waits for sets the pace."""
    return min(1.0, share / 0.5 * FULL)


def _processors(result: LoadResult, seen: Observed) -> Iterator[Suspect]:
    """Who used the machine's cores, the most first; and whether requests needed one at all."""
    cores = max(seen.cores, 1)
    used = {
        "CPU of replicas": sum(usage.cpu for usage in seen.replicas),
        "CPU of the database": seen.database_cpu or 0.0,
        "balancer": seen.balancer_cpu or 0.0,
    }
    used["CPU of other processes"] = max(seen.machine_cpu * cores - sum(used.values()), 0.0)
    missing = {
        "CPU of replicas": "" if seen.replicas else "they do not run here",
        "CPU of the database": "it does not run here" if seen.database_cpu is None else "",
        "balancer": "none was in between" if seen.balancer_cpu is None else "",
    }
    # A full machine is laid to whom used most of it, or who would need all of it by itself.
    refuted = {name: _refuted(name, seen) for name in used}
    largest = max(used, key=lambda name: (not refuted[name], used[name]))
    wanted = _wanted(result, seen)
    if seen.machine_cpu >= FULL and wanted >= FULL * cores:
        largest = "CPU of replicas"
    told = f"of {seen.cores} cores; the machine was {percent(seen.machine_cpu)} busy"
    found = [
        Suspect(
            name=name,
            used=None if missing.get(name) else
            seen.machine_cpu if name == largest and seen.machine_cpu >= FULL else cpu / cores,
            evidence=missing.get(name) or f"{cpu:.2f} {told}{_of_requests(name, wanted)}",
            refuted="" if missing.get(name) else refuted[name],
        )
        for name, cpu in used.items()
    ]  # fmt: skip
    processors = sorted(found, key=lambda suspect: -(suspect.used or 0.0))
    gil = _interpreters(wanted, seen)
    # More processes help as long as there are cores for them: then it is the lock, not the cores.
    processes = _busy_processes(seen)
    yield from (gil, *processors) if 0 < processes < cores else (*processors, gil)


def _wanted(result: LoadResult, seen: Observed) -> float:
    """Cores that the replicas would need for all requests that were due."""
    if not seen.inside.is_telling:
        return 0.0
    return result.phase.rate * seen.inside.mean_ms / 1e3 * seen.inside.shares.get("cpu", 0.0)


def _of_requests(name: str, wanted: float) -> str:
    if name == "CPU of replicas" and wanted:
        return f"; all requests that were due would need {wanted:.2f}"
    return "; the generator is among them" if name == "CPU of other processes" else ""


def _refuted(name: str, seen: Observed) -> str:
    """Why a processor was not what requests waited for; "" where it may have been."""
    if not seen.replicas and name in ("CPU of other processes", "CPU of the machine"):
        return "whether the site runs on this machine is not known"
    if not seen.inside.is_telling:
        return ""
    shares = seen.inside.shares
    if name == "CPU of the database":
        share, what = shares.get("database", 0.0), "in the database"
        active, running = _active(seen), seen.activity["running"]
        if share >= NEEDED and active >= 0.5 and running < NEEDED * active:
            return f"{running:.1f} of {active:.1f} active connections ran"
    else:
        share, what = shares.get("cpu", 0.0) + seen.inside.queued, "on a processor, or ready for it"
    return "" if share >= NEEDED else f"requests were {percent(share)} of their time {what}"


def _busy_processes(seen: Observed) -> int:
    most = max((usage.cpu for usage in seen.replicas), default=0.0)
    return sum(usage.cpu >= most / 2 for usage in seen.replicas) if most else 0


def _interpreters(wanted: float, seen: Observed) -> Suspect:
    """One interpreter runs one thread at a time: full at one core, whatever the machine has."""
    most = max((usage.cpu for usage in seen.replicas), default=0.0)
    processes = _busy_processes(seen)
    each = max(most, min(wanted / processes, 1.0)) if processes else most
    return Suspect(
        name="GIL",
        used=each if seen.replicas else None,
        evidence=f"the busiest process used {most:.2f} of the one core that its interpreter can"
        + (f"; {processes} would share {wanted:.2f}" if wanted else ""),
        refuted=_refuted("GIL", seen),
    )


def _threads(result: LoadResult, seen: Observed) -> Suspect:
    """Little's law: requests in flight = rate × time; those beyond the threads wait for one."""
    in_flight = result.rate * result.latency.mean_ms / 1e3
    if not seen.threads:
        return Suspect(name="threads", used=None, evidence="how many there are is not known")
    return Suspect(
        name="threads",
        used=in_flight / seen.threads,
        evidence=f"{in_flight:.1f} requests in flight in the mean, {seen.threads} can be worked on",
    )


def _by_elimination(result: LoadResult, seen: Observed) -> Suspect | None:
    queued = max((usage.queued for usage in seen.replicas), default=0.0)
    if _refuted("CPU of the machine", seen):
        return None
    if queued >= 0.1 or seen.machine_cpu >= NEAR:
        return Suspect(
            name="CPU of the machine",
            used=seen.machine_cpu,
            evidence=f"a replica was ready and had no processor {percent(queued)} of the time;"
            " others"
            " on this machine took it",
        )
    return None
