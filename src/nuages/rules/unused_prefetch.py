"""Relations that are fetched along and that nobody follows."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from nuages.cases import Case
from nuages.grounds.fetched import (
    ENOUGH,
    Fetched,
    Site,
    all_fetched,
    is_editable,
    queryset,
    short,
    way_of,
)
from nuages.grounds.kin import Kin
from nuages.loops import find_loops
from nuages.model import Finding, Fix, Load, Location, Recording, Relation, Remedy, Scope
from nuages.origins import is_managers, one_execution
from nuages.wording import several

ID = "unused-prefetch"

MANY = 20  # instances, none of which was asked for: hardly by accident
NO_FIX = "a branch that this recording did not take may follow the relation"
LOCKS = " FOR UPDATE"  # joined rows may be there to be locked
ALONG = {"joined": "select_related", "prefetched": "prefetch_related"}
# Where a class says so: what a view, an admin or a viewset joins for its lists.
WRITTEN = re.compile(r"select_related|prefetch_related|Prefetch\(")

Followed = tuple[Relation | None, Load | None]  # a relation, and the load of whose instances


def find(case: Case) -> Iterator[Finding]:
    """One finding per queryset and way of fetching along, with all the paths that are unused."""
    found = all_fetched(case.recording)
    defeated = set(_queried_anyway(case.recording))
    told = set(_told_as_loops(case.recording)) if defeated else set()
    followed = {
        _followed(load)
        for each in found
        if each.load.how in ALONG and not each.is_unasked
        for load in each.loads
    }
    kin = Kin(case, found)
    unused: dict[tuple[Site, str], list[Fetched]] = defaultdict(list)
    for fetched in found:
        way = _way(fetched)
        is_unused = _is_unused(fetched, followed) and not kin.follow(fetched)
        if is_unused and is_editable(way.created_at):
            unused[way._replace(path=""), fetched.load.how].append(fetched)
    for (site, how), some in unused.items():
        tops = [each for each in _topmost(some) if told.isdisjoint(map(_followed, each.loads))]
        again = [each for each in tops if not defeated.isdisjoint(map(_followed, each.loads))]
        for part in (again, [each for each in tops if each not in again]):
            if part:
                yield _finding(site, how, part, case, is_defeated=part is again)


def _is_unused(fetched: Fetched, followed: set[Followed]) -> bool:
    if fetched.load.how not in ALONG or not fetched.is_unasked:
        return False
    if not _is_seen_enough(fetched) or LOCKS in fetched.worst.statement.sql:
        return False
    return followed.isdisjoint(map(_followed, fetched.loads))


def _is_seen_enough(fetched: Fetched) -> bool:
    """Whether one execution brought several, and another, or very many, had no use for them."""
    if min(fetched.use.instances, fetched.instances) < ENOUGH:
        return False
    executions: dict[Scope, int] = defaultdict(int)
    for group in fetched.groups:
        executions[group.scope] = max(executions[group.scope], group.executions)
    return sum(executions.values()) > 1 or fetched.instances >= MANY


def _way(fetched: Fetched) -> Site:
    """The queryset that says what is fetched along, and the path from there."""
    return fetched.site if fetched.load.how == "joined" else way_of(fetched.load)


def _followed(load: Load) -> Followed:
    return load.relation, load.parent


def _queried_anyway(recording: Recording) -> Iterator[Followed]:
    """What is queried past a prefetch, by a filter or another order."""
    for group in recording.groups:
        if group.load is not None and group.load.how == "query" and group.load.relation:
            yield _followed(group.load)


def _told_as_loops(recording: Recording) -> Iterator[Followed]:
    """What goes around a prefetch again and again: n-plus-one's matter, and one cause."""
    for loop in find_loops(recording):
        if loop.is_prefetched:
            yield from (_followed(group.load) for group in loop.groups if group.load)


def _topmost(unused: Sequence[Fetched]) -> list[Fetched]:
    """What hangs on an unused relation goes with it."""
    paths = {_way(fetched).path for fetched in unused}
    return sorted(
        (
            fetched
            for fetched in unused
            if not any(_way(fetched).path.startswith(f"{path}__") for path in paths)
        ),
        key=lambda fetched: _way(fetched).path,
    )


def _finding(
    site: Site, how: str, unused: Sequence[Fetched], case: Case, *, is_defeated: bool
) -> Finding:
    paths = list(dict.fromkeys(_way(fetched).path for fetched in unused))
    worst = max(unused, key=lambda fetched: fetched.worst.wall_ns)
    groups = list({id(group): group for each in unused for group in each.groups}.values())
    instances = sum(round(fetched.instances) for fetched in unused)
    part = min(sum(f.part for f in unused), 1.0) if how == "joined" else 1.0
    figures = {
        "unread_bytes_a_request": round(sum(f.row_bytes * f.instances for f in unused)),
        "instances_a_request": instances,
    }
    quoted = ", ".join(f'"{path}"' for path in paths)
    return Finding(
        rule=ID,
        message=f"{quoted} of {short(site.model)} {'is' if len(paths) == 1 else 'are'} fetched "
        f"along by {ALONG[how]} and {'queried anew' if is_defeated else 'never used'}: "
        f"{several(instances, 'instance')} in {one_execution(worst.worst.scope)}",
        hint=_past(quoted, how, site) if is_defeated else _hint(site, how, unused, case),
        location=worst.worst.location or site.created_at,
        created_at=site.created_at,
        trigger=worst.worst.trigger,
        evidence=case.evidence(groups, part, figures),
        confidence=_confidence(site, unused, case),
        remedy=Remedy(kind="remove", path=", ".join(paths)),
        routes=tuple(sorted({route for fetched in unused for route in fetched.routes})),
        tests=tuple(sorted({test for fetched in unused for test in fetched.tests})[:50]),
        fix=Fix(status="none", reason=NO_FIX),
    )


def _hint(site: Site, how: str, unused: Sequence[Fetched], case: Case) -> str:
    method, where = ALONG[how], queryset(site)
    quoted = ", ".join(f'"{path}"' for path in _as_written(site, unused, case))
    if not _is_written_near(site.created_at, case):
        scopes = {scope for fetched in unused for scope in fetched.scopes}
        if how == "joined" and all(map(case.is_admin, scopes)):
            return (
                f"name what the list needs in list_select_related, () for nothing, on {where}: by "
                "default it joins all once a foreign key is in list_display"
            )
        return (
            f"take {quoted} out of .{method}() where {where} gets it, as by its manager, or undo "
            f"it there: .{method}(None)"
        )
    if site.created_at is not None and site.created_at.kind == "class" and how == "joined":
        return f"take {quoted} out of select_related or list_select_related on {where}"
    return f"take {quoted} out of .{method}() on {where}"


def _as_written(site: Site, unused: Sequence[Fetched], case: Case) -> list[str]:
    """The paths as the code says them: who asks for "author__profile" gets "author" along."""
    text = case.code.text_around(site.created_at)
    said: dict[str, None] = {}
    for path in dict.fromkeys(_way(fetched).path for fetched in unused):
        longer = re.findall(rf"""["']({re.escape(path)}(?:__\w+)*)["']""", text)
        said |= dict.fromkeys(longer or [path])
    return list(said)


def _past(quoted: str, how: str, site: Site) -> str:
    return (
        f"read {quoted} by .all(), as it is fetched along, or with its filter or order in a "
        f"Prefetch; else take it out of .{ALONG[how]}() on {queryset(site)}"
    )


def _is_written_near(location: Location | None, case: Case) -> bool:
    """Whether the function or class says so itself; without code it is taken for granted."""
    text = case.code.text_around(location)
    return not text or WRITTEN.search(text) is not None


def _confidence(site: Site, unused: Sequence[Fetched], case: Case) -> float:
    """Less where another view may share the queryset, or little was seen of it."""
    confidence, created = 0.75, site.created_at
    if min(fetched.use.instances for fetched in unused) >= MANY:
        confidence += 0.1
    if created is not None and (created.kind == "class" or is_managers(created)):
        confidence -= 0.2
    if not _is_written_near(created, case):
        confidence -= 0.2
    if all(s.kind in ("test", "process") for fetched in unused for s in fetched.scopes):
        confidence -= 0.15
    return round(confidence, 2)
