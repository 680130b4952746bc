"""All columns of a wide row written back, where the code changed a few of them."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from nuages.cases import Case
from nuages.grounds.consequences import set_on_save
from nuages.grounds.expressions import Expression, Function, expression_at
from nuages.loops import find_write_loops
from nuages.model import Finding, Fix, Location, ModelFacts, QueryGroup, Remedy
from nuages.origins import is_set_up, one_execution
from nuages.statements import table
from nuages.wording import several

ID = "save-all-fields"

HEAVY_BYTES = 1_000  # of columns that did not change, in each row
MANY_COLUMNS, HOT = 15, 0.1  # narrow columns matter if there are many, and the route waits
HARMLESS = frozenset({"save", "asave", "refresh_from_db", "arefresh_from_db", "get_absolute_url"})
NO_FIX = "what else sets fields before the save can't be ruled out"
SET_COLUMN = re.compile(r'[`"\[](\w+)[`"\]] = ')


@dataclass(frozen=True, kw_only=True, slots=True)
class Save:
    """One `save()` that wrote all columns, and what had changed."""

    model: ModelFacts
    groups: tuple[QueryGroup, ...]
    location: Location
    receiver: str
    changed: tuple[str, ...]  # fields, in the order that the code sets them
    columns: int
    bytes_unchanged: int  # of a row, about
    is_seen_whole: bool  # whether the function itself has fetched the instance


def find(case: Case) -> Iterator[Finding]:
    """One finding per `save()`."""
    if not case.recording.uses:
        return
    elsewhere = {loop.location for loop in find_write_loops(case.recording)}
    places: dict[Location, list[QueryGroup]] = defaultdict(list)
    for group in case.recording.groups:
        location = group.location
        if location is None or is_set_up(group.scope, location):
            continue
        if group.statement.verb == "INSERT":
            elsewhere.add(location)  # update_fields would fail on what is new
        elif group.statement.verb == "UPDATE":
            places[location].append(group)
    for location, groups in places.items():
        save = None if location in elsewhere else _save(location, tuple(groups), case)
        if save is not None and _is_worth_it(save, case):
            yield _finding(save, case)


def _finding(save: Save, case: Case) -> Finding:
    groups, name = save.groups, save.model.label.rpartition(".")[2]
    busiest = max(groups, key=lambda group: group.calls)
    fields = [*save.changed, *set_on_save(save.model, case.code)]
    names = ", ".join(f'"{field}"' for field in dict.fromkeys(fields))
    # They may set more fields; update_fields leaves out neither.
    may_set_more = "pre_save" in save.model.signals or "save" in save.model.overrides
    is_all_seen = save.is_seen_whole and not may_set_more
    kept = f"{save.bytes_unchanged:,} bytes of them unchanged"
    return Finding(
        rule=ID,
        message=f"{name}.save() writes all {save.columns} columns, about {kept}, for a change of "
        f"{', '.join(save.changed)}: {several(busiest.calls, 'time')} in "
        f"{one_execution(busiest.scope)}",
        hint=f"{save.receiver}.save(update_fields=[{names}])",
        location=save.location,
        evidence=case.evidence(
            groups,
            figures={"columns": save.columns, "bytes_unchanged": save.bytes_unchanged},
        ),
        confidence=0.8 if is_all_seen else 0.55,
        remedy=Remedy(kind="update_fields", path=", ".join(dict.fromkeys(fields))),
        routes=tuple(sorted({g.scope.name for g in groups if g.scope.kind != "test"})),
        tests=tuple(sorted({test for g in groups for test in g.tests})[:50]),
        fix=Fix(status="none", reason="" if is_all_seen else NO_FIX),
    )


def _save(location: Location, groups: tuple[QueryGroup, ...], case: Case) -> Save | None:
    """None unless all of it is known: the model, the columns, what the function changed."""
    statement = groups[0].statement
    written = set(SET_COLUMN.findall(statement.sql.partition(" WHERE ")[0]))
    models = (m for m in case.facts.models if m.table == table(statement.sql) and not m.is_proxy)
    model = next(models, None)
    expression = expression_at(case.code, location)
    if model is None or expression is None or not _is_full_save(expression):
        return None
    columns = {field.column for field in model.fields if not field.is_primary}
    if not columns or not columns <= written:
        return None
    changed = _changed(expression, model)
    weights = _bytes_of(model, case)
    if not changed or len(changed) * 2 > len(columns) or weights is None:
        return None
    receiver = expression.receiver
    assert isinstance(receiver, ast.Name)
    return Save(
        model=model,
        groups=groups,
        location=location,
        receiver=receiver.id,
        changed=changed,
        columns=len(columns),
        bytes_unchanged=round(sum(size for name, size in weights.items() if name not in changed)),
        is_seen_whole=_is_bound_in(expression.function, receiver.id),
    )


def _is_worth_it(save: Save, case: Case) -> bool:
    if save.bytes_unchanged >= HEAVY_BYTES:
        return True
    part = case.route_share((group.scope, group.wall_ns) for group in save.groups)
    return save.columns >= MANY_COLUMNS and part >= HOT


def _is_full_save(expression: Expression) -> bool:
    call = expression.call
    if call is None or expression.method not in ("save", "asave"):
        return False
    is_plain = not call.args and not call.keywords
    return is_plain and isinstance(expression.receiver, ast.Name)


def _changed(expression: Expression, model: ModelFacts) -> tuple[str, ...]:
    """The fields that the function gives a value; none where something else might as well."""
    function, receiver = expression.function, expression.receiver
    if function is None or not isinstance(receiver, ast.Name):
        return ()
    if _is_handed_on(function, receiver.id) or _comes_from_form(function, receiver.id):
        return ()
    known = {f.name: f.name for f in model.fields} | {f.column: f.name for f in model.fields}
    set_here = [
        node.attr
        for node in ast.walk(function)
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and getattr(node.value, "id", "") == receiver.id
    ]
    if any(name not in known for name in set_here):
        return ()  # a property may set what it likes
    return tuple(dict.fromkeys(known[name] for name in set_here))


def _is_handed_on(function: Function, name: str) -> bool:
    """Whether other code gets the instance, or a method of its own is called, but for saves."""
    for node in ast.walk(function):
        if not isinstance(node, ast.Call):
            continue
        given = [*node.args, *(keyword.value for keyword in node.keywords)]
        if any(isinstance(each, ast.Name) and each.id == name for each in given):
            return True
        called = node.func
        is_its = isinstance(called, ast.Attribute) and getattr(called.value, "id", "") == name
        if is_its and getattr(called, "attr", "") not in HARMLESS:
            return True
    return False


def _comes_from_form(function: Function, name: str) -> bool:
    """`post = form.save(commit=False)`, `form.instance`: it has the fields of a form."""
    return any(
        isinstance(inner, ast.Attribute) and inner.attr in ("save", "instance")
        for value in _values_of(function, name)
        for inner in ast.walk(value)
    )


def _is_bound_in(function: Function | None, name: str) -> bool:
    return function is not None and bool(_values_of(function, name))


def _values_of(function: Function, name: str) -> list[ast.expr]:
    return [
        node.value
        for node in ast.walk(function)
        if isinstance(node, ast.Assign)
        and any(isinstance(target, ast.Name) and target.id == name for target in node.targets)
    ]


def _bytes_of(model: ModelFacts, case: Case) -> dict[str, float] | None:
    """Bytes of each field in a row, by what was fetched and saved; None where nothing was."""
    uses = [
        use
        for use in case.recording.uses
        if use.load.model == model.label and use.fields.get("(save)") and use.instances
    ]
    if not uses:
        return None
    use = max(uses, key=lambda use: use.fields["(save)"])
    names = {f.column: f.name for f in model.fields}
    return {names.get(key, key): size / use.instances for key, size in use.bytes.items()}
