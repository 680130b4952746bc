"""Rows fetched one at a time in a loop, where one query could have fetched them together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from nuages.cases import Case, most_in_one
from nuages.grounds import accessed
from nuages.grounds.admin_site import in_admin, in_form
from nuages.grounds.callers import is_loop
from nuages.grounds.counted import annotation_for, outdated
from nuages.growth import figures, surer
from nuages.lineage import is_tree
from nuages.loops import Loop, find_loops
from nuages.model import (
    Finding,
    Fix,
    Load,
    Location,
    QueryGroup,
    Relation,
    Remedy,
    RemedyKind,
)
from nuages.origins import is_managers, one_execution
from nuages.statements import is_lookup_by_key

ID = "n-plus-one"

# What goes around a prefetch, by the shape of the query that is made instead.
PAST = {
    "filtered": ".filter()", "ordered": ".order_by()", "sliced": "slice", "get": ".get()",
    "count": "condition before .count()", "exists": "condition before .exists()",
    "aggregate": ".aggregate()", "values": ".values()", "all": "access",
}  # fmt: skip
CONDITION = re.compile(r"\.(?:filter|exclude)\(")


@dataclass(frozen=True, kw_only=True, slots=True)
class Advice:
    """What is wrong with one loop, and what would remove it."""

    what: str  # "Post.author is fetched one row at a time"
    hint: str
    remedy: Remedy
    confidence: float
    no_fix: str = ""  # why no edit is offered


def find(case: Case) -> Iterator[Finding]:
    """One finding per queryset and lookup path, in whatever routes and lines it shows."""
    for loop in find_loops(case.recording):
        if loop.lineage is not None or is_loop(loop, case):
            yield _finding(loop, case)


def _finding(loop: Loop, case: Case) -> Finding:
    advice = _advice(loop, case)
    groups = (*loop.groups, *loop.follows)
    return Finding(
        rule=ID,
        message=f"{advice.what}: {_how_often(loop)}",
        hint=advice.hint,
        location=loop.location,
        created_at=loop.created_at,
        trigger=loop.worst.trigger,
        evidence=case.evidence(groups, figures=figures(case.growth, loop.groups)),
        confidence=surer(_confidence(advice.confidence, loop), case.growth, loop.groups),
        remedy=advice.remedy,
        routes=loop.routes,
        tests=loop.tests,
        fix=Fix(status="none", reason=advice.no_fix),
    )


def _how_often(loop: Loop) -> str:
    """ "50 queries in one GET /feed/", and those that follow from them."""
    scope, number = most_in_one(loop.groups)
    often = f"{number} queries in {one_execution(scope)}"
    beyond = {g.load.relation.field: g for g in loop.follows if g.load and g.load.relation}
    if not beyond:
        return often
    _, most = most_in_one(loop.follows)
    what = "its deferred key" if loop.is_key_deferred else f"their {' and '.join(sorted(beyond))}"
    return f"{often}, and {most} more for {what}"


def _confidence(base: float, loop: Loop) -> float:
    """Less for short loops, for one repeated parameter, and where the test may be the loop."""
    confidence = base
    if max(group.per_execution_max for group in loop.groups) < 5:
        confidence -= 0.1
    if max(group.distinct_max for group in loop.groups) == 1:
        confidence -= 0.15
    if all(group.scope.kind in ("test", "process") for group in loop.groups):
        confidence -= 0.2
    return round(max(confidence, 0.1), 2)


def _advice(loop: Loop, case: Case) -> Advice:
    if loop.lineage is None:
        return _without_relation(loop, case)
    if loop.lineage.last.kind == "deferred":
        return _deferred(loop)
    if loop.is_prefetched:
        return _past_prefetch(loop, case)
    if loop.can_be_fetched_together:
        return _together(loop)
    if loop.worst.shape in ("count", "exists", "aggregate"):
        return _annotate(loop, case)
    return _picked(loop) if loop.worst.shape == "get" else _around(loop)


def _together(loop: Loop) -> Advice:
    """The plain case: the queryset at the root can bring the rows along."""
    assert loop.lineage is not None
    can_join = loop.lineage.can_join and not loop.is_raw
    kind: RemedyKind = "select_related" if can_join else "prefetch_related"
    path = loop.lineage.path
    advice = Advice(
        what=f"{_accessed(loop)} is fetched one row at a time",
        hint=f'add .{kind}("{path}") to {_queryset(loop)}',
        remedy=Remedy(kind=kind, path=path),
        confidence=0.95,
    )
    if loop.lineage.stray:
        return _of_some(loop, loop.lineage.stray, advice)
    if loop.is_key_deferred:
        return replace(
            advice,
            hint=f'{advice.hint}, and name "{path}" in its .only(), or take it out of .defer(): '
            "a deferred key can't be joined",
            no_fix=f"{loop.lineage.last.field} is deferred there",
        )
    created, trigger = loop.created_at, loop.worst.trigger
    hint = in_admin(trigger, advice.remedy) or advice.hint
    if created is None:
        no_fix = "where the queryset was created was not seen"
    elif is_managers(created):
        no_fix = "every query through this manager would fetch it"
    elif created.kind == "class" and in_form(trigger):
        no_fix = "a form's own queryset brings the rows, and not that of the class"
    else:
        return replace(advice, hint=hint) if created.kind == "class" else advice
    return replace(advice, hint=hint, confidence=0.75, no_fix=no_fix)


def _of_some(loop: Loop, stray: Relation, advice: Advice) -> Advice:
    """Rows of several classes: an edit to the queryset would fail on those without the field."""
    model, path = _short(stray.model), advice.remedy.path or ""
    path = path[path.index(stray.field) :]
    return replace(
        advice,
        hint=f"before the loop: prefetch_related_objects([row for row in rows if "
        f'isinstance(row, {model})], "{path}"), rows being those of {_queryset(loop)}',
        remedy=Remedy(kind="prefetch_related", path=path),
        confidence=0.85,
        no_fix=f"only some of the rows are {model}, and the others have no {stray.field}",
    )


def _annotate(loop: Loop, case: Case) -> Advice:
    remedy, no_fix = annotation_for(loop, case)
    return Advice(
        what=f"{_accessed(loop)} is {_asked(loop)} one row at a time",
        hint=f".annotate() {_queryset(loop)} with {_annotation(loop, case)}, and read it here",
        remedy=remedy,
        confidence=0.9,
        no_fix=no_fix,
    )


def _asked(loop: Loop) -> str:
    verbs = {"count": "counted", "exists": "looked for", "aggregate": "aggregated",
             "get": "asked for"}  # fmt: skip
    return verbs.get(loop.worst.shape, "queried")


def _annotation(loop: Loop, case: Case) -> str:
    """`Count("comment", distinct=True)`: without it other joins would multiply the rows."""
    assert loop.lineage is not None
    path = loop.lineage.query_path(case.facts)
    if loop.worst.shape == "count":
        location = loop.location
        text = case.code.text_of(location) if location and not loop.worst.trigger else ""
        condition = ", filter=Q(…)" if CONDITION.search(text) else ""
        return f'Count("{path}"{condition}, distinct=True)'
    return f'{"Exists" if loop.worst.shape == "exists" else "the aggregate"} of "{path}"'


def _past_prefetch(loop: Loop, case: Case) -> Advice:
    """What goes around a prefetch that is there: another prefetch would not help."""
    assert loop.lineage is not None
    path, shape = loop.lineage.path, loop.worst.shape
    there = f'the prefetch of "{loop.lineage.last.field}" that is there already'
    by = PAST.get(shape, "further condition")
    kind: RemedyKind = "prefetch_related"
    if shape in ("count", "exists", "aggregate"):
        kind = "annotate"
        instead = f"compute it from .all(), or .annotate() {_queryset(loop)} with " + (
            f"{_annotation(loop, case)}, without the prefetch"
        )
    elif shape in ("get", "values"):
        instead = "pick from .all(), in Python"
    elif shape == "all":
        instead = "iterate .all() of the same instances, without .iterator() or a refresh between"
    else:
        instead = f'do it in Python, or move it into Prefetch("{path}", queryset=…) on ' + (
            _queryset(loop)
        )
    return Advice(
        what=f"{_accessed(loop)} is {_asked(loop)} one row at a time, past its prefetch",
        hint=f"the {by} here defeats {there}: {instead}",
        remedy=Remedy(kind=kind, path=path),
        confidence=0.6 if shape == "all" else 0.9,
        no_fix=f"the {by} has to change, as another prefetch would be defeated as well",
    )


def _around(loop: Loop) -> Advice:
    """A filtered, ordered or sliced related manager: no prefetch can serve it as it stands."""
    assert loop.lineage is not None
    path, field = loop.lineage.path, loop.lineage.last.field
    verb = PAST.get(loop.worst.shape, "further condition")
    return Advice(
        what=f"{_accessed(loop)} is queried one row at a time",
        hint=f'add .prefetch_related(Prefetch("{path}", queryset=…)) with the {verb} to '
        f"{_queryset(loop)}, and read .all() here",
        remedy=Remedy(kind="prefetch_related", path=path),
        confidence=0.9,
        no_fix=f"the {verb} on {field} has to move into a Prefetch",
    )


def _picked(loop: Loop) -> Advice:
    """A `.get()` on many rows: of one instance by other keys, or of each instance one."""
    assert loop.lineage is not None
    path, field = loop.lineage.path, loop.lineage.last.field
    return Advice(
        what=f"{_accessed(loop)} is asked for one row at a time",
        hint=f"fetch them in one query before the loop, and pick from its rows; for a row of each "
        f'instance, add .prefetch_related("{path}") to {_queryset(loop)}, and pick from .all()',
        remedy=Remedy(kind="prefetch_related", path=path),
        confidence=0.75,
        no_fix=f"the .get() on {field} has to change",
    )


def _deferred(loop: Loop) -> Advice:
    assert loop.lineage is not None
    path = loop.lineage.path
    return Advice(
        what=f"{_accessed(loop)} is deferred, then loaded one row at a time",
        hint=f'name "{path}" in .only(), or take it out of .defer(), on {_queryset(loop)}',
        remedy=Remedy(kind="only", path=path),
        confidence=0.9,
        no_fix="whether the rows are meant to be that narrow can't be told from here",
    )


def _without_relation(loop: Loop, case: Case) -> Advice:
    worst = loop.worst
    thing = accessed.model_asked(worst, case)
    if worst.load is not None and is_tree(worst.load):
        return _along_tree(worst.load)
    attribute = accessed.relation_written(loop, case) if worst.load is None else None
    if attribute is not None:
        kind, name = attribute
        return Advice(
            what=f"{thing} is fetched one row at a time, by .{name}",
            hint=f'add .{kind}("{name}") to the queryset that these instances come from',
            remedy=Remedy(kind=kind, path=name),
            confidence=0.75,
            no_fix="where the queryset was created was not seen: record with --deep",
        )
    if worst.shape == "get" and is_lookup_by_key(worst.statement.sql):
        if accessed.is_followed_there(worst, case):
            return _followed_there(thing, worst, case)
        return Advice(
            what=f"{thing} is looked up by key one row at a time",
            hint=f"fetch them together before the loop: {thing}.objects.in_bulk(keys)",
            remedy=Remedy(kind="in_bulk"),
            confidence=0.75,
            no_fix="the loop has to change" if worst.trigger else outdated(loop, case),
        )
    return Advice(
        what=f"{thing} is queried with other parameters each time round a loop",
        hint="run one query before the loop for all that it needs, and pick from its rows",
        remedy=Remedy(kind="none"),
        confidence=0.6,
        no_fix="the loop has to change",
    )


def _followed_there(thing: str, group: QueryGroup, case: Case) -> Advice:
    """A template or a serializer has nothing else to ask for a row by its key than a relation."""
    trigger, names = group.trigger, accessed.relations_to(group.statement.sql, case)
    assert trigger is not None
    name = next(iter(names)) if len(names) == 1 else ""
    call = f'.select_related("{name}")' if name else "select_related() of that relation"
    return Advice(
        what=f"{thing} is fetched one row at a time, by {_place(trigger)}",
        hint=f"add {call} to the queryset whose rows {_place(trigger)} shows",
        remedy=Remedy(kind="select_related", path=name or None),
        confidence=0.7 if name else 0.6,
        no_fix="where the queryset was created was not seen: record with --deep",
    )


def _along_tree(load: Load) -> Advice:
    assert load.relation is not None
    return Advice(
        what=f"{_short(load.model)}.{load.relation.field} is followed through a tree step by step",
        hint="fetch the tree in one query and walk it in memory: all of its rows where they are "
        "few, else a recursive WITH, or a library that keeps paths (django-treebeard, mptt)",
        remedy=Remedy(kind="none"),
        confidence=0.6,
        no_fix="how deep the tree is can't be told",
    )


def _accessed(loop: Loop) -> str:
    assert loop.lineage is not None
    last = loop.lineage.last
    return f"{_short(last.model)}.{last.field}"


def _queryset(loop: Loop) -> str:
    created = loop.created_at
    if created is None:
        return "the queryset that these instances come from"
    if created.kind == "class" and created.function:
        return f"the queryset of {created.function} ({_place(created)})"
    return f"the queryset at {_place(created)}"


def _place(location: Location) -> str:
    return f"{location.file}:{location.line}"


def _short(model: str) -> str:
    return model.rpartition(".")[2]
