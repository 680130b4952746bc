"""More connections than the servers between the code and its rows will give."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from nuages.cases import Case
from nuages.deployment import Fleet, Pooler, Service
from nuages.grounds.connections import Database, databases
from nuages.model import Evidence, Finding, Fix, Remedy

ID = "pool-arithmetic"

# PostgreSQL keeps these from everybody but superusers: superuser_reserved_connections.
RESERVED = 3
NO_EDIT = "which of the numbers should give way is for who runs the servers to say"


@dataclass(frozen=True)
class _Demand:
    """What a service may hold at most, and how that comes about."""

    service: Service
    connections: int
    arithmetic: str


def find(case: Case) -> Iterator[Finding]:
    """One finding per limit that a described deployment can exceed."""
    known = [database for database in databases(case.facts) if database.vendor == "postgresql"]
    if not known:
        return
    main = next((database for database in known if database.alias == "default"), known[0])
    for fleet in case.deployment.complete:
        demands = [found for each in fleet.services if (found := _demand(each, main))]
        if fleet.pooler is not None:
            yield from _through_pooler(fleet, fleet.pooler, demands)
        elif fleet.max_connections is not None and not main.is_behind_pooler:
            yield from _direct(fleet, fleet.max_connections, demands, main)
        yield from _starved(fleet, main)


def _demand(service: Service, database: Database) -> _Demand | None:
    """None where a factor is unknown; of unknown replicas one is counted."""
    workers = service.workers
    if workers is None or service.processes is None:
        return None
    each, unit = _of_process(service, database)
    if each is None:
        return None
    copies = f"{service.replicas} replicas × " if (service.replicas or 1) > 1 else ""
    text = f"{copies}{workers} workers" + (f" × {each} {unit}" if each > 1 or copies else "")
    return _Demand(service, service.processes * each, f"{text} ({service.name})")


def _of_process(service: Service, database: Database) -> tuple[int | None, str]:
    """Connections of one process: one a thread, or what its pool gives."""
    is_bounded = not (service.is_async or service.is_green)
    threads = service.threads if is_bounded else None
    if not database.has_pool:
        return threads, "threads"
    sizes = database.pool_sizes
    if sizes is None:
        return None, ""
    least, most = sizes
    return (most if threads is None else max(least, min(most, threads))), "pooled"


def _direct(
    fleet: Fleet, limit: int, demands: list[_Demand], database: Database
) -> Iterator[Finding]:
    needed = sum(demand.connections for demand in demands)
    if needed <= limit - RESERVED:
        return
    yield _finding(
        fleet,
        demands,
        needed=needed,
        allowed=limit - RESERVED,
        limit=f"PostgreSQL's max_connections {limit} less {RESERVED} reserved",
        hint=f"put PgBouncer in between (pool_mode = transaction), or raise max_connections above "
        f"{needed + RESERVED}"
        + ('; or lower max_size of OPTIONS["pool"]' if database.has_pool else ""),
    )


def _through_pooler(fleet: Fleet, pooler: Pooler, demands: list[_Demand]) -> Iterator[Finding]:
    needed = sum(demand.connections for demand in demands)
    clients = pooler.max_clients and pooler.max_clients * (pooler.replicas or 1)
    if clients and needed > clients:
        yield _finding(
            fleet,
            demands,
            needed=needed,
            allowed=clients,
            limit=f"PgBouncer's max_client_conn ({pooler.source})",
            hint=f"set max_client_conn = {_rounded(needed)} in {pooler.source}: a waiting client "
            "costs PgBouncer 2 kB",
        )
    servers = _servers(pooler)
    if servers and fleet.max_connections and servers > fleet.max_connections - RESERVED:
        allowed = fleet.max_connections - RESERVED
        yield _finding(
            fleet,
            [],
            needed=servers,
            allowed=allowed,
            limit=f"PostgreSQL's max_connections {fleet.max_connections} less {RESERVED} reserved",
            hint=f"set max_db_connections = {allowed * 9 // 10} in {pooler.source}, or a smaller "
            "default_pool_size",
            arithmetic=f"{pooler.pool_size} default_pool_size + {pooler.reserve_size} reserve "
            f"× {pooler.databases} databases ({pooler.source})",
        )


def _servers(pooler: Pooler) -> int | None:
    """Connections that a PgBouncer opens at most, for one user."""
    if pooler.pool_size is None or pooler.reserve_size is None or pooler.databases is None:
        return None
    each = pooler.pool_size + pooler.reserve_size
    if pooler.max_db_connections is None:
        return None
    each = min(each, pooler.max_db_connections) if pooler.max_db_connections else each
    return each * pooler.databases * (pooler.replicas or 1)


def _starved(fleet: Fleet, database: Database) -> Iterator[Finding]:
    """A pool with fewer connections than threads that want one."""
    sizes = database.pool_sizes if database.has_pool else None
    for service in fleet.services:
        threads = service.threads
        if sizes is None or threads is None or service.is_async or service.is_green:
            continue
        if service.is_web and sizes[1] < threads:
            yield Finding(
                rule=ID,
                message=f"{threads} threads of each process of {service.name} ({service.source}) "
                f"share a pool of {sizes[1]} connections: the others wait for up to 30 s",
                hint=f'set DATABASES["{database.alias}"]["OPTIONS"]["pool"] = '
                f'{{"min_size": {sizes[0]}, "max_size": {threads}}}, or use fewer threads',
                location=None,
                evidence=Evidence(figures={"threads": threads, "pool_max_size": sizes[1]}),
                confidence=0.8,
                remedy=Remedy(kind="setting", path="OPTIONS"),
                fix=Fix(status="none", reason=NO_EDIT),
                concern="hazard",
            )


def _finding(
    fleet: Fleet,
    demands: list[_Demand],
    *,
    needed: int,
    allowed: int,
    limit: str,
    hint: str,
    arithmetic: str = "",
) -> Finding:
    sums = arithmetic or " + ".join(demand.arithmetic for demand in demands)
    is_sure = all(demand.service.replicas is not None for demand in demands)
    return Finding(
        rule=ID,
        message=f"{sums} may open {needed} connections, {allowed} are there: {limit} "
        f"({fleet.source})",
        hint=hint,
        location=None,
        evidence=Evidence(
            figures={"needed": needed, "allowed": allowed, "arithmetic": f"{sums} = {needed}"}
        ),
        confidence=0.9 if is_sure else 0.8,
        remedy=Remedy(kind="setting"),
        fix=Fix(status="none", reason=NO_EDIT),
        concern="hazard",
    )


def _rounded(needed: int) -> int:
    """Half as many again, for replicas that replace others while these still run."""
    return -(-needed * 3 // 200) * 100
