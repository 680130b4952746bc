"""Statements that read a whole table, or sort it, where an index would lead to the rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from nuages.cases import Case
from nuages.grounds.lacking import Lacking, lacking
from nuages.indexes.spelling import create_sql, django_index, index_name, label
from nuages.model import (
    Finding,
    Fix,
    IndexIdea,
    IndexTrial,
    Location,
    Measured,
    ModelFacts,
    QueryGroup,
    Remedy,
)
from nuages.wording import with_article

ID = "missing-index"

MB = 1e6
DEAR = 3.0  # times the time of an INSERT, from which on writes not recorded may well count more
TOO_DEAR = 6.0  # from which on no edit is offered
POSTGRES = "django.contrib.postgres"


def find(case: Case) -> Iterator[Finding]:
    """One finding per index, with all the statements that it serves."""
    for one in lacking(case):
        yield _finding(one, case)


def _finding(one: Lacking, case: Case) -> Finding:
    worst = max(one.groups, key=lambda group: group.wall_ns)
    scopes = {group.scope for group in one.groups}
    tests = {test for group in one.groups for test in group.tests}
    tests |= {scope.name for scope in scopes if scope.kind == "test"}
    return Finding(
        rule=ID,
        message=_message(one, worst),
        hint=_hint(one.idea, case),
        location=worst.location or _of_model(one.idea, case),
        created_at=worst.created_at,
        trigger=worst.trigger,
        evidence=replace(case.evidence(one.groups, figures=_figures(one)), sql=worst.statement.sql),
        confidence=_confidence(one),
        remedy=_remedy(one, case),
        routes=tuple(sorted(scope.name for scope in scopes if scope.kind != "test")),
        tests=tuple(sorted(tests)[:50]),
        fix=Fix(status="none", reason=_no_fix(one, case)),
    )


def _remedy(one: Lacking, case: Case) -> Remedy:
    """With the entry of Meta, where the model is the project's."""
    model = _model(one.idea, case)
    if model is None or not model.file:
        return Remedy(kind="index", path=label(one.idea))
    entry = django_index(one.idea, _fields(model))
    return Remedy(kind="index", path=label(one.idea), code=entry, at=_of_model(one.idea, case))


def _fields(model: ModelFacts | None) -> dict[str, str]:
    return {field.column: field.name for field in model.fields} if model else {}


def _of_model(idea: IndexIdea, case: Case) -> Location | None:
    """What is edited, where no line of the project makes the query."""
    model = _model(idea, case)
    if model is None or not model.file:
        return None
    name = model.label.rpartition(".")[2]
    return Location(file=model.file, root=model.root, line=model.line, function=name, kind="class")


def _model(idea: IndexIdea, case: Case) -> ModelFacts | None:
    models = (model for model in case.facts.models if not model.is_proxy)
    return next((model for model in models if model.table == idea.table), None)


def _message(one: Lacking, worst: QueryGroup) -> str:
    lacks = f"{one.idea.table} lacks an index, {label(one.idea)}"
    if one.trial is None:
        verb = with_article(worst.statement.verb)
        slowest = max(group.max_ns for group in one.groups) / 1e6
        return f"{lacks}: {verb} takes up to {slowest:,.0f} ms (not tried)"
    best = _most(one.trial)
    more = len(one.trial.measured) - 1
    also = f"; {more} more statement{'s' if more > 1 else ''} as well" if more else ""
    if one.trial.is_estimate:
        verb = with_article(best.statement.verb)
        costs = f"{best.before_cost:,.0f} → {best.after_cost:,.0f}"
        return f"{lacks}: the planner's cost of {verb} is {costs} with it{also}"
    over = "" if best.before_buffers else "over "  # it was ended before it was done
    times = f"{over}{_ms(best.before_ms)} → {_ms(best.after_ms)}"
    return f"{lacks}: {with_article(best.statement.verb)} takes {times} with it{also}"


def _hint(idea: IndexIdea, case: Case) -> str:
    """The entry of Meta.indexes; SQL where the table is no model's of the project."""
    model = _model(idea, case)
    needs = "TrigramExtension() and " if any("trgm" in k.opclass for k in idea.keys) else ""
    if model is not None and not model.file:
        sql = create_sql(idea, index_name(idea)).replace("INDEX", "INDEX CONCURRENTLY", 1)
        return f"{model.label} is a library's: in a migration of yours, RunSQL('{sql}')"
    where = _place(model) if model else f"the model of {idea.table}"
    entry = f"add {django_index(idea, _fields(model))} to Meta.indexes of {where}"
    if "OpClass(" in entry and case.facts.apps and POSTGRES not in case.facts.apps:
        entry += f', and "{POSTGRES}", which OpClass needs, to INSTALLED_APPS'
    return f"{entry}; on a table in use, migrate it with {needs}AddIndexConcurrently"


def _place(model: ModelFacts) -> str:
    return f"{model.label} ({model.file}:{model.line})"


def _figures(one: Lacking) -> dict[str, float | str]:
    trial = one.trial
    if trial is None:
        return {}
    best = _most(trial)
    if trial.is_estimate:
        return {
            "cost_before": round(best.before_cost, 1),
            "cost_after": round(best.after_cost, 1),
            "plan_before": best.before_plan,
            "plan_after": best.after_plan,
        }
    figures: dict[str, float | str] = {
        "before_ms": round(best.before_ms, 2),
        "after_ms": round(best.after_ms, 2),
        "times_faster": round(best.before_ms / max(best.after_ms, 0.01), 1),
        "buffers_after": best.after_buffers,
        "table_rows": trial.rows,
        "index_mb": round(trial.bytes / MB, 2),
        "build_ms": round(trial.build_ms, 1),
        "indexes_tried": trial.tried,
        "plan_before": best.before_plan,
        "plan_after": best.after_plan,
    }
    if best.before_buffers:
        figures["buffers_before"] = best.before_buffers
    for name, ratio in (("insert", trial.insert_ratio), ("update", trial.update_ratio)):
        if ratio is not None:
            figures[f"{name}_times_slower"] = round(max(ratio, 1.0), 2)
    return figures


def _most(trial: IndexTrial) -> Measured:
    """The statement that gains most."""
    return max(trial.measured, key=lambda m: (m.before_ms - m.after_ms, m.before_cost))


def _confidence(one: Lacking) -> float:
    if one.trial is None:
        return 0.5 if one.is_known else 0.35
    if one.trial.is_estimate:
        return 0.6
    best = _most(one.trial)
    ratio = best.before_ms / max(best.after_ms, 0.01)
    if (one.trial.insert_ratio or 1) > DEAR:
        return 0.6
    return 0.95 if ratio >= 5 else 0.85 if ratio >= 2 else 0.7


def _no_fix(one: Lacking, case: Case) -> str:
    if one.trial is None:
        return "nobody has tried the index"
    if one.trial.is_estimate:
        return "the planner would take the index, and nothing was run with it"
    if (one.trial.insert_ratio or 1) > TOO_DEAR:
        return "whether what it costs the writes is worth it is yours to say"
    model = _model(one.idea, case)
    return "" if model is not None and model.file else "the model is not the project's"


def _ms(value: float) -> str:
    return f"{value:,.0f} ms" if value >= 10 else f"{value:.2g} ms"
