"""Queries on another database than the one that the project means for them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace

from nuages.cases import Case
from nuages.model import Finding, Fix, ModelFacts, QueryGroup, Remedy, Scope
from nuages.origins import is_set_up
from nuages.statements import table
from nuages.wording import several

ID = "wrong-database"

# Aliases by which replicas go; also what the scratch databases take them by.
REPLICA = re.compile(
    r"(^|[_-])(replicas?|read(er|only|_only|_replica)?|slaves?|followers?|standby|secondary)"
    r"([_-]?\d+)?($|[_-])",
    re.IGNORECASE,
)
WRITES = frozenset({"INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE"})
ENOUGH = 100  # reads, before the silence of a replica says anything
READERS = ("GET ", "HEAD ")


def find(case: Case) -> Iterator[Finding]:
    """Replicas that nobody reads, and raw SQL that goes past the router."""
    yield from _idle_replicas(case)
    yield from _past_the_router(case)


def _replicas(case: Case) -> dict[str, str]:
    """Replica's alias → its primary's: the only other database of its sort."""
    told = case.settings.get("DATABASES")
    databases = told if isinstance(told, Mapping) else {}
    found = {}
    for alias, database in databases.items():
        mirror = database.get("MIRROR") if isinstance(database, Mapping) else None
        if mirror in databases:
            found[alias] = str(mirror)
        elif REPLICA.search(alias) and alias != "default" and "default" in databases:
            same = databases["default"].get("ENGINE") == database.get("ENGINE")
            found |= {alias: "default"} if same else {}
    return found


def _idle_replicas(case: Case) -> Iterator[Finding]:
    replicas = _replicas(case)
    by_alias: dict[str, list[QueryGroup]] = defaultdict(list)
    for group in case.recording.groups:
        if not is_set_up(group.scope, group.location):
            by_alias[group.statement.alias].append(group)
    for primary in sorted(set(replicas.values())):
        own = sorted(alias for alias, of in replicas.items() if of == primary)
        if any(by_alias[alias] for alias in own):
            continue  # somebody decides which; why not for these queries is not to be seen
        reads = _only_reading(by_alias[primary])
        if sum(group.calls for group in reads) >= ENOUGH:
            yield _idle(own, primary, reads, case)


def _only_reading(groups: list[QueryGroup]) -> list[QueryGroup]:
    """The SELECTs of requests that ask for something, and never wrote: no read after a write."""
    wrote: set[Scope] = {
        group.scope
        for group in groups
        if group.statement.verb in WRITES or " FOR UPDATE" in group.statement.sql.upper()
    }
    return [
        group
        for group in groups
        if group.scope.kind == "request"
        and group.scope.name.startswith(READERS)
        and group.scope not in wrote
        and group.statement.verb == "SELECT"
    ]


def _idle(own: list[str], primary: str, reads: list[QueryGroup], case: Case) -> Finding:
    names = ", ".join(f'"{alias}"' for alias in own)
    calls = sum(group.calls for group in reads)
    has_router = bool(case.settings.get("DATABASE_ROUTERS"))
    return Finding(
        rule=ID,
        message=f"No query went to {names}, and {several(calls, 'read')} of requests that wrote "
        f'nothing went to "{primary}"',
        hint=f'have db_for_read() of your router in DATABASE_ROUTERS give "{own[0]}" for them'
        if has_router
        else f'name a router in DATABASE_ROUTERS whose db_for_read() gives "{own[0]}"',
        location=None,
        # Nothing of their time would be saved, and no statement of them is to blame.
        evidence=replace(case.evidence(reads, 0.0, {"reads": calls, "replicas": len(own)}), sql=""),
        confidence=0.6 if has_router else 0.8,
        remedy=Remedy(kind="setting", path="DATABASE_ROUTERS"),
        routes=tuple(sorted({group.scope.name for group in reads})),
        fix=Fix(status="none", reason="which reads may be a moment old is yours to say"),
    )


def _past_the_router(case: Case) -> Iterator[Finding]:
    """Raw SQL on one database, of a model that the ORM reads from another only."""
    if not case.settings.get("DATABASE_ROUTERS"):
        return
    models = {model.table: model for model in case.facts.models if not model.is_proxy}
    replicas = _replicas(case)
    seen: dict[str, set[str]] = defaultdict(set)
    raw: dict[tuple[str, str], list[QueryGroup]] = defaultdict(list)
    for group in case.recording.groups:
        name = table(group.statement.sql)
        if name not in models or is_set_up(group.scope, group.location):
            continue
        if group.load is not None:
            seen[name].add(group.statement.alias)
        elif group.shape == "raw" and group.statement.verb == "SELECT" and group.location:
            raw[name, group.statement.alias].append(group)
    for (name, alias), groups in sorted(raw.items()):
        home = models[name].alias
        related = {replicas.get(alias, alias), replicas.get(home, home)}
        if seen[name] == {home} and alias != home and len(related) > 1:
            yield _raw(models[name], alias, groups, case)


def _raw(model: ModelFacts, alias: str, groups: list[QueryGroup], case: Case) -> Finding:
    worst = max(groups, key=lambda group: group.wall_ns)
    return Finding(
        rule=ID,
        message=f'Raw SQL reads {model.table} on "{alias}", and the router has {model.label} on '
        f'"{model.alias}"',
        hint=f'take the cursor of connections["{model.alias}"], or ask the router: '
        f"connections[router.db_for_read({model.label.rpartition('.')[2]})]",
        location=worst.location,
        evidence=case.evidence(groups),
        confidence=0.7,
        remedy=Remedy(kind="move", path=model.alias),
        routes=tuple(sorted({g.scope.name for g in groups if g.scope.kind != "test"})),
        fix=Fix(status="none", reason="the rows of both databases may be meant"),
        concern="hazard",
    )
