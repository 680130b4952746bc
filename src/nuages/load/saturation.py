"""Says what of a loaded site gave out first, and why it was nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from nuages.load.observing import Observed
from nuages.load.running import limit_of_generator
from nuages.load.values import Budget, LoadResult

FULL = 0.85  # of what there is: beyond it queues grow faster than the load
NEAR = 0.7


@dataclass(frozen=True, kw_only=True, slots=True)
class Suspect:
    """One thing that can run out."""

    name: str  # "CPU of replicas", "GIL", "locks", …
    used: float | None  # share of what there is; None: not measured
    evidence: str

    @property
    def is_full(self) -> bool:
        return self.used is not None and self.used >= FULL


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
        evidence=limit or f"it used {result.busy:.0%} of a core and was in time",
    )
    yield _memory(seen)
    yield from _database(seen)
    yield from _processors(seen)
    yield _threads(result, seen)
    yield Suspect(name="balancer", used=None, evidence="none was in between")
    yield Suspect(
        name="outside calls", used=None,
        evidence="the enclosure lets none out: nuages record says what they cost",
    )  # fmt: skip


def _memory(seen: Observed) -> Suspect:
    grown = sum(usage.rss_mb for usage in seen.replicas)
    swapped = seen.swapped_mb > 1
    return Suspect(
        name="memory",
        used=1.0 if swapped else min(seen.memory_share, 0.84 if seen.memory_share < 0.97 else 1.0),
        evidence=f"{seen.memory_share:.0%} of the machine's in use, replicas {grown:.0f} MB"
        + (f"; {seen.swapped_mb:.0f} MB were swapped out" if swapped else "; nothing was swapped"),
    )


def _database(seen: Observed) -> Iterator[Suspect]:
    if not seen.looks or not seen.max_connections:
        for name in ("locks", "connections", "database I/O"):
            yield Suspect(name=name, used=None, evidence="the database was not looked at")
        return
    active = sum(seen.activity[name] for name in ("running", "Lock", "IO", "LWLock", "other"))
    for name, kind in (("locks", "Lock"), ("database I/O", "IO")):
        waiting = seen.activity[kind]
        share = waiting / active if active >= 0.5 else 0.0
        yield Suspect(
            name=name,
            # Half of what is active waits for it: then it sets the pace.
            used=min(1.0, share / 0.5 * FULL),
            evidence=f"{waiting:.1f} of {active:.1f} active connections waited for it in the mean",
        )
    yield Suspect(
        name="connections",
        used=seen.connections / seen.max_connections,
        evidence=f"{seen.connections} of {seen.max_connections} at most",
    )


def _processors(seen: Observed) -> Iterator[Suspect]:
    replicas = sum(usage.cpu for usage in seen.replicas)
    database = seen.database_cpu or 0.0
    busy = seen.machine_cpu * seen.cores
    # A full machine is laid to whom used most of it: site, database, or what else runs there.
    shares = {"replicas": replicas, "database": database, "others": busy - replicas - database}
    largest = max(shares, key=lambda name: shares[name])
    full = {name: seen.machine_cpu for name in (largest,) if seen.machine_cpu >= FULL}
    told = f"of {seen.cores} cores; the machine was {seen.machine_cpu:.0%} busy"
    found = [
        Suspect(
            name="CPU of replicas",
            used=full.get("replicas", replicas / seen.cores) if seen.replicas else None,
            evidence=f"{replicas:.2f} {told}" if seen.replicas else "they do not run here",
        ),
        Suspect(
            name="CPU of the database",
            used=None if seen.database_cpu is None
            else full.get("database", database / seen.cores),
            evidence="it does not run here" if seen.database_cpu is None
            else f"{database:.2f} {told}",
        ),
        Suspect(
            name="CPU of other processes",
            used=full.get("others", shares["others"] / seen.cores) if seen.cores else None,
            evidence=f"{max(shares['others'], 0):.2f} {told}; the generator is among them",
        ),
    ]  # fmt: skip
    yield from sorted(found, key=lambda suspect: -(suspect.used or 0.0))
    gil = max((usage.cpu for usage in seen.replicas), default=0.0)
    yield Suspect(
        name="GIL",
        # One interpreter runs one thread at a time: full at one core, whatever the machine has.
        used=gil if seen.replicas else None,
        evidence=f"the busiest process used {gil:.2f} of the one core that its interpreter can",
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
    if queued >= 0.1 or seen.machine_cpu >= NEAR:
        return Suspect(
            name="CPU of the machine",
            used=seen.machine_cpu,
            evidence=f"a replica was ready and had no processor {queued:.0%} of the time; others"
            " on this machine took it",
        )
    return None
