"""The same question asked again and again, with the same parameters, within one execution."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace

from nuages.cases import Case
from nuages.grounds.accessed import model_asked
from nuages.grounds.admin_site import choices_hint
from nuages.grounds.counted import outdated
from nuages.grounds.expressions import (
    Expression,
    Function,
    expression_at,
    locks_rows,
    names_bound_in,
)
from nuages.grounds.stores import advice_of_store
from nuages.growth import figures, surer
from nuages.loops import WRITES, Loop, asks_itself, find_repeats
from nuages.model import Finding, Fix, QueryGroup, Recording, Remedy, RemedyKind, Scope
from nuages.origins import one_execution
from nuages.statements import table, tables

ID = "repeated-query"

POLLING_S = 0.1  # between one and the next, on average: what takes longer waits for something
NO_EDIT = "where its result should be kept can't be told from here"
PROPERTIES = frozenset({"property"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Advice:
    """What would make it one query."""

    hint: str
    kind: RemedyKind
    confidence: float
    code: str = ""  # what is asked, where it can be asked before its loop


class Answers:
    """What a recording tells of answers: how often the same, and what was written meanwhile."""

    def __init__(self, recording: Recording) -> None:
        self._reuse = {(r.statement, r.location): r for r in recording.reuse if r.lookups}
        self._written: dict[Scope, set[str]] = defaultdict(set)
        for group in recording.groups:
            if group.statement.verb in WRITES:
                self._written[group.scope] |= tables(group.statement.sql)

    def are_known(self, group: QueryGroup) -> bool:
        """Whether they were the same; where that was not seen, whether nobody wrote there."""
        reuse = self._reuse.get((group.statement, group.location))
        if reuse is not None:
            return reuse.same * 2 >= reuse.lookups
        return self._written[group.scope].isdisjoint(tables(group.statement.sql))


def find(case: Case) -> Iterator[Finding]:
    """One finding per expression, in whatever routes it repeats itself."""
    answers = Answers(case.recording)
    for loop in find_repeats(case.recording):
        expression = expression_at(case.code, loop.location)
        groups = tuple(
            group for group in loop.groups if _is_repeat(group, expression, case, answers)
        )
        if groups and not (expression and locks_rows(expression.node)):
            yield _finding(replace(loop, groups=groups), expression, case)


def _finding(loop: Loop, expression: Expression | None, case: Case) -> Finding:
    worst, busiest = loop.worst, loop.busiest
    advice = _advice(loop, expression, case)
    few = "the same" if busiest.distinct_max == 1 else f"the same {busiest.distinct_max}"
    parameters = f"with {few} parameters" if "%s" in worst.statement.sql else "in the same words"
    numbers = {"different": busiest.distinct_max, **figures(case.growth, loop.groups)}
    return Finding(
        rule=ID,
        message=f"{model_asked(worst, case)} is queried {parameters} again: "
        f"{busiest.per_execution_max} times in {one_execution(busiest.scope)}",
        hint=advice.hint,
        location=loop.location,
        created_at=loop.created_at,
        trigger=worst.trigger,
        evidence=case.evidence(loop.groups, figures=numbers),
        confidence=surer(_confidence(advice.confidence, loop), case.growth, loop.groups),
        remedy=Remedy(kind=advice.kind, code=advice.code),
        routes=loop.routes,
        tests=loop.tests,
        fix=Fix(status="none", reason=outdated(loop, case) if advice.code else NO_EDIT),
    )


def _is_repeat(
    group: QueryGroup, expression: Expression | None, case: Case, answers: Answers
) -> bool:
    """Whether the answer was known already, and nobody waited for another one."""
    kind = group.scope.kind
    if kind == "process":  # it lives long, and may ask the same at any time
        return False
    if kind == "test":  # a test may be the loop; unless the code has one itself
        return expression is not None and expression.loop is not None
    if kind != "request" and group.rows_max == 0:
        return False
    return not _is_polling(group, case) and answers.are_known(group)


def _is_polling(group: QueryGroup, case: Case) -> bool:
    stats = case.stats.get(group.scope)
    if stats is None or not stats.executions:
        return False
    return stats.wall_ns / stats.executions / group.per_execution_max > POLLING_S * 1e9


def _advice(loop: Loop, expression: Expression | None, case: Case) -> Advice:
    worst, method = loop.worst, expression.method if expression else ""
    store = advice_of_store(table(worst.statement.sql), method, case.settings)
    if store is not None:
        return Advice(hint=store.hint, kind=store.kind, confidence=0.8)
    if worst.trigger is not None and not asks_itself(worst):
        return _in_rendering(loop)
    if expression is None:
        return Advice(hint=f"ask once{_calling(loop)}", kind="hoist", confidence=0.75)
    return _in_code(expression, loop)


def _in_rendering(loop: Loop) -> Advice:
    trigger = loop.worst.trigger
    assert trigger is not None
    if choices := choices_hint(trigger):
        hint = f"{choices}; in forms of your own give all of them one list of choices"
    elif trigger.kind == "field":
        hint = "ask once in the view, and give the result to the serializer in its context"
    else:
        hint = (
            "ask once: put the result into the context in the view, or into a name by "
            "{% with %} around the loop"
        )
    return Advice(hint=f"{hint} ({trigger.file}:{trigger.line})", kind="hoist", confidence=0.8)


def _in_code(expression: Expression, loop: Loop) -> Advice:
    around, function = expression.loop, expression.function
    if around is not None:
        line = around.lineno
        if not names_bound_in(around) & _names_given_to(expression.node):
            hint = f"move it out of the loop at line {line}, and keep its result in a name"
            return Advice(
                hint=hint, kind="hoist", confidence=0.9, code=ast.unparse(expression.node)
            )
        hint = f"keep what was found, by its parameters, in a dict of the loop at line {line}"
        return Advice(hint=hint, kind="hoist", confidence=0.75)
    if function is not None and expression.decorators & PROPERTIES:
        hint = f"make {function.name} a cached_property: its result is then kept on the instance"
        return Advice(hint=hint, kind="cache", confidence=0.85)
    if function is not None and "receiver" in expression.decorators:
        hint = f"{function.name}() runs at each save: keep the result for all of them, or ask once"
        return Advice(hint=f"{hint} where the rows are saved", kind="hoist", confidence=0.8)
    if function is not None and _takes_only_self(function):
        hint = (
            f"keep the result of {function.name}() in a name before the loop that calls it, or "
            f"make it a cached_property"
        )
        return Advice(hint=hint, kind="hoist", confidence=0.8)
    return Advice(hint=f"ask once{_calling(loop)}", kind="hoist", confidence=0.8)


def _names_given_to(node: ast.expr) -> frozenset[str]:
    """Names that an expression reads and does not give a value itself."""
    names = [inner for inner in ast.walk(node) if isinstance(inner, ast.Name)]
    own = {name.id for name in names if isinstance(name.ctx, ast.Store)}
    return frozenset(name.id for name in names) - own


def _takes_only_self(function: Function) -> bool:
    arguments = function.args.posonlyargs + function.args.args
    return [each.arg for each in arguments] == ["self"]


def _confidence(base: float, loop: Loop) -> float:
    """Less for a few times, for several questions, and where a test calls it directly."""
    confidence = base
    if loop.busiest.per_execution_max < 5:
        confidence -= 0.1
    if loop.busiest.distinct_max > 1:
        confidence -= 0.1
    if all(group.scope.kind == "test" for group in loop.groups):
        confidence -= 0.2
    return round(confidence, 2)


def _calling(loop: Loop) -> str:
    location = loop.location
    if location is None or location.kind == "class" or not location.function:
        return ", and keep the result"
    return f" before the loop that calls {location.function}(), and give it the result"
