"""Rows inserted, updated or deleted one statement each, where one could have done for many."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from nuages.cases import Case
from nuages.grounds.bulk_writes import forbidden
from nuages.grounds.callers import ENOUGH, may_be_looped
from nuages.grounds.consequences import consequences
from nuages.grounds.expressions import (
    Expression,
    expression_at,
    locks_rows,
    names_bound_in,
    root_name,
)
from nuages.growth import figures, surer
from nuages.loops import Loop, find_write_loops
from nuages.model import Finding, Fix, ModelFacts, QueryGroup, Remedy, RemedyKind
from nuages.origins import one_execution
from nuages.statements import is_lookup_by_key, table

ID = "row-by-row-write"

BATCH = "batch_size=1000"  # 1,000 to 5,000 rows: DESIGN's rule of thumb
WAITING_S = 0.1  # between two writes, on average: more, and other things take the time
RELATED = frozenset({"add", "aadd", "remove", "aremove", "set", "aset", "clear", "aclear"})
OF_QUERYSETS = frozenset({"update", "aupdate"})
OR_CREATE = frozenset({
    "get_or_create", "aget_or_create", "update_or_create", "aupdate_or_create",
})  # fmt: skip
# What a project's own line writes by; the `save` of a form or serializer is a library's.
WRITING = RELATED | OF_QUERYSETS | OR_CREATE | {
    "save", "asave", "create", "acreate", "create_user", "delete", "adelete",
}  # fmt: skip
OF_FORMS = re.compile(r"form|serializer", re.I)
VERBS = {"INSERT": "inserted", "UPDATE": "updated", "DELETE": "deleted"}
ITSELF = {
    "INSERT": f"bulk_create(…, {BATCH}, ignore_conflicts=True)",
    "UPDATE": f"bulk_update(…, {BATCH})",
    "DELETE": "filter(…).delete()",
}
KINDS: dict[str, RemedyKind] = {
    "INSERT": "bulk_create", "UPDATE": "bulk_update", "DELETE": "bulk_delete",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Writing:
    """What one expression writes again and again."""

    loop: Loop
    verb: str
    table: str
    model: ModelFacts | None
    expression: Expression | None

    @property
    def method(self) -> str:
        return self.expression.method if self.expression else ""

    @property
    def name(self) -> str:
        return self.model.label.rpartition(".")[2] if self.model else self.table

    @property
    def is_of_relation(self) -> bool:
        """Whether rows of a many-to-many relation's own table are written."""
        return self.method in RELATED


def find(case: Case) -> Iterator[Finding]:
    """One finding per expression that writes, in whatever routes and tables."""
    for loop in find_write_loops(case.recording):
        expression = expression_at(case.code, loop.location)
        groups = tuple(group for group in loop.groups if _is_rows(group, expression, case))
        if groups and not _is_on_purpose(expression) and _is_loop(loop, case):
            writing = _writing(replace(loop, groups=groups), expression, case)
            if not _is_librarys(writing):
                yield _finding(writing, case)


def _is_loop(loop: Loop, case: Case) -> bool:
    """Whether it was no function that is only called a few times, to note what has happened."""
    is_often = loop.busiest.per_execution_max >= ENOUGH
    return is_often or may_be_looped(case.code, loop.location)


def _writing(loop: Loop, expression: Expression | None, case: Case) -> Writing:
    """Named after what was written most: a save may try an UPDATE, then INSERT; into two tables."""
    main = max(loop.groups, key=lambda group: (group.calls, group.statement.verb == "INSERT"))
    name = table(main.statement.sql)
    models = [m for m in case.facts.models if m.table == name and not m.is_proxy]
    verbs = {group.statement.verb for group in loop.groups}
    verb = "INSERT" if "INSERT" in verbs else main.statement.verb
    # A row in two tables: that of the child is the one that the project named.
    written = {table(group.statement.sql) for group in loop.groups}
    children = [m for m in case.facts.models if m.table in written and m.parents]
    model = next(iter(children or models), None)
    return Writing(
        loop=loop,
        verb=verb,
        table=model.table if model else name,
        model=model,
        expression=expression,
    )


def _finding(writing: Writing, case: Case) -> Finding:
    loop, busiest = writing.loop, writing.loop.busiest
    is_queryset = writing.method in OF_QUERYSETS  # which leaves all that out already
    cautions = [] if is_queryset else consequences(writing.model, writing.verb, case.code)
    hint = _hint(writing)
    if cautions:
        hint = f"{hint}; first look at what it leaves out: {', '.join(cautions)}"
    return Finding(
        rule=ID,
        message=f"Rows of {writing.name} are {VERBS[writing.verb]} one at a time: "
        f"{busiest.per_execution_max} queries in {one_execution(busiest.scope)}",
        hint=hint,
        location=loop.location,
        trigger=loop.worst.trigger,
        evidence=case.evidence(loop.groups, figures=figures(case.growth, loop.groups)),
        confidence=surer(_confidence(writing, cautions), case.growth, loop.groups),
        remedy=Remedy(kind=KINDS[writing.verb], code=writing.name),
        routes=loop.routes,
        tests=loop.tests,
        fix=Fix(status="none", reason=_no_fix(writing, case)),
    )


def _no_fix(writing: Writing, case: Case) -> str:
    """Why no edit is offered, or ""."""
    method = {"INSERT": "create", "UPDATE": "save"}.get(writing.verb)
    if writing.expression is None or writing.expression.loop is None or writing.method != method:
        return "the loop has to change, and what runs at each row's save"
    return forbidden(writing.model, writing.verb, writing.loop, case)


def _is_rows(group: QueryGroup, expression: Expression | None, case: Case) -> bool:
    """Whether one execution has written rows of its own, and not of a test's or of a long life."""
    is_in_loop = expression is not None and expression.loop is not None
    if group.scope.kind in ("test", "process") and not is_in_loop:
        return False
    stats = case.stats.get(group.scope)
    if stats is None:
        return True
    is_admins = stats.view.startswith("django.contrib.admin.")
    if is_admins and group.location is not None and group.location.kind == "class":
        return False  # each form of a list or inline is saved by itself: Django's own writes
    each_ns = stats.wall_ns / max(stats.executions, 1) / group.per_execution_max
    return each_ns <= WAITING_S * 1e9


def _is_on_purpose(expression: Expression | None) -> bool:
    """Whether one instance is saved each time round, as a job's progress is; or whether each row
    is locked by itself, as the jobs of a queue are.
    """
    loop = expression.loop if expression else None
    if expression is None or loop is None:
        return False
    receiver = root_name(expression.receiver)
    is_instance = expression.method in ("save", "asave") and receiver.islower()
    return locks_rows(loop) or (is_instance and receiver not in names_bound_in(loop))


def _is_librarys(writing: Writing) -> bool:
    """Whether a library loops over rows of its own, in what the project calls once."""
    expression, model = writing.expression, writing.model
    if expression is None or expression.loop is not None or model is None or model.file:
        return False
    is_forms = OF_FORMS.search(ast.unparse(expression.receiver) if expression.receiver else "")
    return writing.method not in WRITING or is_forms is not None


def _hint(writing: Writing) -> str:
    name, method = writing.name, writing.method
    if writing.is_of_relation:
        itself = f"for several instances, write the rows of {name} itself: {ITSELF[writing.verb]}"
        takes_all = method in ("set", "aset", "clear", "aclear")
        return itself if takes_all else f"give them to one call, .{method}(*rows); {itself}"
    if writing.model is not None and writing.model.parents and writing.verb == "INSERT":
        return (
            f"bulk_create can't insert {name}, whose rows are in several tables: insert in one "
            f"transaction, or make its parent abstract"
        )
    if writing.verb == "INSERT" and method in OR_CREATE:
        return (
            f"ask for all that exist in one query before the loop, then "
            f"{name}.objects.bulk_create(missing, {BATCH}), or bulk_create(rows, "
            f"update_conflicts=True, …) with a unique constraint"
        )
    if writing.verb == "INSERT":
        return (
            f"collect the instances, and after the loop {name}.objects.bulk_create(rows, {BATCH})"
        )
    if writing.verb == "UPDATE":
        return (
            f"collect the instances, and after the loop {name}.objects.bulk_update(rows, [fields], "
            f"{BATCH}); where all rows get the same, one queryset.update(…)"
        )
    return f"{name}.objects.filter(pk__in=keys).delete() after the loop, 1,000 to 5,000 keys a time"


def _confidence(writing: Writing, cautions: list[str]) -> float:
    """Less where more than the rows has to be thought of, and for short loops."""
    loop = writing.loop
    confidence = 0.9
    if cautions:
        confidence -= 0.15
    if loop.busiest.per_execution_max < 5:
        confidence -= 0.1
    if writing.expression is None or writing.expression.loop is None:
        confidence -= 0.1
    if writing.verb == "UPDATE" and not is_lookup_by_key(loop.worst.statement.sql):
        confidence -= 0.1
    if all(group.scope.kind in ("test", "process") for group in loop.groups):
        confidence -= 0.2
    return round(max(confidence, 0.1), 2)
