"""Columns that are loaded and never read, where they are many bytes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from nuages.cases import Case
from nuages.grounds.admin_site import in_form
from nuages.grounds.asked import asked_only
from nuages.grounds.fetched import (
    ENOUGH,
    SAVED,
    Fetched,
    all_fetched,
    place,
    queryset,
    short,
)
from nuages.lineage import SINGLE_VALUED
from nuages.model import Finding, Fix, Remedy, RemedyKind
from nuages.origins import is_managers, one_execution

ID = "over-fetch"

ROW_BYTES = 1_000  # unread of each row, from which on a list of rows is worth an edit
REQUEST_BYTES = 64_000  # unread in one execution, from half of that a row on
MANY_BYTES = 1_000_000  # unread in one execution, however little of each row
PART = 0.25  # of all bytes loaded, which unread ones have to be
FEW = 3  # fields that .defer() can name; more are better left out by .only()
ALMOST_ALL = 0.8  # of the unread bytes, that those few have to hold; the rest is not worth a name

UNSEEN = re.compile(r"\b__dict__\b|\bvars\(")

NO_FIX = "a Prefetch object with a queryset of its own has to be written"


@dataclass(frozen=True, kw_only=True, slots=True)
class Waste:
    """What was loaded of each row for nothing."""

    heavy: tuple[str, ...]  # fields that hold almost all of it, the heaviest first
    read: tuple[str, ...]  # without the key that is there anyway
    unread: int  # fields
    unread_bytes: float
    row_bytes: float  # of all that was loaded

    @property
    def part(self) -> float:
        """Of all bytes loaded, 0..1."""
        return self.unread_bytes / self.row_bytes if self.row_bytes else 0.0


def find(case: Case) -> Iterator[Finding]:
    """One finding per queryset and lookup path."""
    for fetched in all_fetched(case.recording):
        if _tells(fetched) and not _reads_unseen(fetched, case):
            waste = _waste(fetched)
            if _is_worth_it(waste, fetched):
                yield _finding(fetched, waste, case)


def _tells(fetched: Fetched) -> bool:
    """Whether rows were used where the recorder sees it, and not written back as a whole."""
    use, load = fetched.use, fetched.load
    if use.instances < ENOUGH or not use.used or fetched.asked(SAVED) or asked_only(fetched):
        return False
    if load.how != "joined" and fetched.worst.shape == "raw":
        return False
    if in_form(fetched.worst.trigger):  # choices, of which there are too many: unbounded-result's
        return False
    # A row at a time through a foreign key: n-plus-one says how to fetch them together.
    is_lazy = load.how == "query" and load.relation is not None
    if is_lazy and load.relation and load.relation.kind in SINGLE_VALUED:
        return False
    return not fetched.is_repeated


def _reads_unseen(fetched: Fetched, case: Case) -> bool:
    """Whether the code around goes past the fields, as `vars(post)` does."""
    places = [fetched.site.created_at, *(group.location for group in fetched.groups)]
    return any(UNSEEN.search(case.code.text_around(place)) for place in places if place)


def _waste(fetched: Fetched) -> Waste:
    use = fetched.use
    unread = {n: b / use.instances for n, b in use.bytes.items() if not use.fields.get(n)}
    total, held = sum(unread.values()), 0.0
    heavy: list[str] = []
    for name in sorted(unread, key=lambda name: -unread[name]):
        if held < total * ALMOST_ALL:
            heavy.append(name)
            held += unread[name]
    return Waste(
        heavy=tuple(heavy),
        read=tuple(n for n in use.bytes if use.fields.get(n) and n != "id"),
        unread=len(unread),
        unread_bytes=total,
        row_bytes=fetched.row_bytes,
    )


def _is_worth_it(waste: Waste, fetched: Fetched) -> bool:
    if waste.part < PART:
        return False
    a_row, in_all = waste.unread_bytes, waste.unread_bytes * fetched.instances
    if a_row >= ROW_BYTES and fetched.instances >= ENOUGH:
        return True
    return in_all >= (REQUEST_BYTES if a_row >= ROW_BYTES / 2 else MANY_BYTES)


def _finding(fetched: Fetched, waste: Waste, case: Case) -> Finding:
    rows, worst = fetched.instances, fetched.worst
    unread = _unread(fetched.model, waste)
    verb = "is" if len(waste.heavy) == 1 else "are"
    figures = {
        "unread_bytes_a_row": round(waste.unread_bytes),
        "loaded_bytes_a_row": round(waste.row_bytes),
        "unread_bytes_a_request": round(waste.unread_bytes * rows),
        "instances_watched": fetched.use.instances,
    }
    kind, hint, path = _advice(fetched, waste, case)
    return Finding(
        rule=ID,
        message=f"{unread} {verb} loaded and never read: {_size(waste.unread_bytes * rows)} of "
        f"{_size(waste.row_bytes * rows)} in {one_execution(worst.scope)}",
        hint=hint,
        location=worst.location,
        created_at=fetched.site.created_at,
        trigger=worst.trigger,
        evidence=case.evidence(fetched.groups, waste.part * fetched.part, figures),
        confidence=_confidence(fetched),
        remedy=Remedy(kind=kind, path=path),
        routes=fetched.routes,
        tests=fetched.tests,
        fix=Fix(status="none", reason=NO_FIX if _is_by_name(fetched) else ""),
    )


def _unread(model: str, waste: Waste) -> str:
    names = waste.heavy
    if len(names) == 1:
        return f"{model}.{names[0]}"
    if len(names) <= FEW:
        return f"{', '.join(names[:-1])} and {names[-1]} of {model}"
    return f"{waste.unread} of {waste.unread + len(waste.read)} fields of {model}"


def _advice(fetched: Fetched, waste: Waste, case: Case) -> tuple[RemedyKind, str, str]:
    """Kind of the edit, hint and path."""
    site, load = fetched.site, fetched.load
    if load.how == "joined":
        names = [f"{site.path}__{name}" for name in waste.heavy]
        hint = f"add .defer({_quoted(names)}) to {_where(fetched, case)}"
        return "defer", hint, ", ".join(names)
    is_only = len(waste.heavy) > FEW
    method: RemedyKind = "only" if is_only else "defer"
    names = list(waste.read if is_only else waste.heavy)
    call = f".{method}({_quoted(names)})"
    if _is_by_name(fetched):
        rows = f"{short(load.model)}.objects{call}"
        inner = f'Prefetch("{site.path}", queryset={rows})'
        if load.relation is not None and load.relation.kind == "gfk":
            inner = f'GenericPrefetch("{site.path}", [{rows}, …])'
        names = [f"{site.path}__{name}" for name in names]
        hint = f"write {inner} in place of the name, on {queryset(site)}"
        return method, hint, ", ".join(names)
    return method, f"add {call} to {_where(fetched, case)}", ", ".join(names)


def _is_by_name(fetched: Fetched) -> bool:
    """Whether the rows come by the name of a relation that is prefetched."""
    return bool(fetched.site.path) and fetched.load.how != "joined"


def _where(fetched: Fetched, case: Case) -> str:
    created = fetched.site.created_at
    if created is not None and created.kind == "class" and case.is_admin(fetched.worst.scope):
        return f"get_queryset() of {place(created)}"
    return queryset(fetched.site)


def _quoted(names: list[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _confidence(fetched: Fetched) -> float:
    """Less where another view may share the queryset, or little was seen of what reads it."""
    confidence, created = 0.85, fetched.site.created_at
    if created is not None and (created.kind == "class" or is_managers(created)):
        confidence -= 0.2
    elif created is not None and created.function.rpartition(".")[2][:1].isupper():
        confidence -= 0.1  # in the body of a class, whose other actions may read it
    if fetched.use.instances < 10:
        confidence -= 0.1
    if all(scope.kind in ("test", "process") for scope in fetched.scopes):
        confidence -= 0.15
    return round(confidence, 2)


def _size(value: float) -> str:
    for unit in ("bytes", "kB", "MB"):
        if value < 1_000 or unit == "MB":
            break
        value /= 1_000
    return f"{value:,.0f} {unit}"
