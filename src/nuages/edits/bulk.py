"""Rows written together after a loop, or by one statement in its place."""

from __future__ import annotations

import libcst as cst
import libcst.matchers as m

from nuages.codemod import Refusal
from nuages.codemod.chain import RETURNS_QUERYSET, link_of
from nuages.codemod.draft import Change, Draft, Syntax
from nuages.codemod.locate import expression_at
from nuages.codemod.loops import (
    Rounds,
    assigned,
    called,
    free_name,
    is_plain,
    names,
    plural,
    rounds_around,
)
from nuages.codemod.queryset import is_manager
from nuages.model import Finding, Location

BATCH = "batch_size=1000"  # rows of an INSERT: the field's rule of thumb is 1,000 to 5,000
LEAVES = m.Return() | m.Yield() | m.Raise() | m.Await()
CONSTANTS = (cst.SimpleString, cst.Integer, cst.Float)


def place(finding: Finding) -> Location | None:
    return finding.location if finding.remedy.code else None


def create(draft: Draft, finding: Finding) -> None:
    """`rows.append(Model(…))` in the loop, and one `bulk_create()` after it."""
    assert finding.location is not None
    syntax = draft.syntax(finding.location.line)
    call = expression_at(draft, syntax, finding.location)
    function = call.func if isinstance(call, cst.Call) else None
    if not isinstance(call, cst.Call) or not isinstance(function, cst.Attribute):
        raise Refusal("the rows are not written by create() there")
    manager, model = function.value, finding.remedy.code
    owner = manager.value if isinstance(manager, cst.Attribute) else None
    is_own = owner is not None and syntax.code(owner).rpartition(".")[2] == model
    if function.attr.value != "create" or not is_manager(manager) or not is_own:
        raise Refusal(f"the rows are not written by {model}.objects.create()")
    assert owner is not None
    if any(argument.keyword is None and not argument.star for argument in call.args):
        raise Refusal("an argument of create() has no name")
    if not isinstance(syntax.parent(call), cst.Expr):
        raise Refusal("the row that is made is used in the loop")
    rounds = _rounds(syntax, call)
    if len(m.findall(rounds.node.body, m.Name(model))) > 1:
        raise Refusal(f"{model} is asked for in the loop as well")
    found = free_name(rounds, plural(model), f"new_{plural(model)}", f"{plural(model)}_to_create")
    start, opening = syntax.start(call), syntax.end(function)
    draft.change([
        *rounds.before(f"{found} = []"),
        Change(start, f"{found}.append({syntax.code(owner)}", removed=opening - start),
        Change(syntax.end(call), ")"),
        *rounds.after(f"{syntax.code(manager)}.bulk_create({found}, {BATCH})"),
    ])  # fmt: skip


def update(draft: Draft, finding: Finding) -> None:
    """One `queryset.update()` where all rows get the same, else one `bulk_update()` after it."""
    assert finding.location is not None
    syntax = draft.syntax(finding.location.line)
    call = expression_at(draft, syntax, finding.location)
    row = _saved(call)
    rounds = _rounds(syntax, call)
    if not isinstance(rounds.node.target, cst.Name) or rounds.node.target.value != row:
        raise Refusal(f"{row} is not what the loop goes through")
    assert isinstance(call, cst.Call)
    if not isinstance(syntax.parent(call), cst.Expr):
        raise Refusal("what save() gives is used")
    values = _values(rounds, row)
    fields = _fields(call, values, rounds, row)
    if _is_all(rounds) and {*fields} == {*values} and _are_the_same(rounds, values):
        _update_all(draft, rounds, values)
    else:
        _update_after(draft, rounds, call, row, fields, finding)


def _rounds(syntax: Syntax, call: cst.BaseExpression) -> Rounds:
    rounds = rounds_around(syntax, call)
    if "iterator" in called(rounds.node.iter):
        raise Refusal("the rows are streamed, and all of them would be kept in memory")
    if m.findall(rounds.node.body, LEAVES):
        raise Refusal("the loop may be left before its end")
    return rounds


def _saved(call: cst.BaseExpression) -> str:
    """What `save()` is called on."""
    function = call.func if isinstance(call, cst.Call) else None
    row = function.value if isinstance(function, cst.Attribute) else None
    if isinstance(row, cst.Name) and m.matches(call, m.Call(func=m.Attribute(attr=m.Name("save")))):
        return row.value
    raise Refusal("the rows are not written by save() of an instance")


def _values(rounds: Rounds, row: str) -> dict[str, cst.BaseExpression]:
    """What the loop's own statements set, by field."""
    found: dict[str, cst.BaseExpression] = {}
    pattern = m.Assign(targets=[m.AssignTarget(target=m.Attribute(value=m.Name(row)))])
    for node in m.findall(rounds.node.body, pattern):
        assert isinstance(node, cst.Assign)
        target = node.targets[0].target
        assert isinstance(target, cst.Attribute)
        if target.attr.value in found:
            raise Refusal(f"{target.attr.value} is set in several places")
        found[target.attr.value] = node.value
    return found


def _fields(
    call: cst.Call, values: dict[str, cst.BaseExpression], rounds: Rounds, row: str
) -> list[str]:
    """The fields that are written, where that can be told."""
    if not call.args:
        passed = m.findall(rounds.node.body, m.Arg(value=m.Name(row)))
        methods = m.findall(rounds.node.body, m.Call(func=m.Attribute(value=m.Name(row))))
        if passed or len(methods) > 1 or not values:
            raise Refusal("which fields the loop sets can't be told from it alone")
        return [*values]
    keyword = call.args[0].keyword
    given = call.args[0].value
    if len(call.args) > 1 or keyword is None or keyword.value != "update_fields":
        raise Refusal("save() is told more than what to write")
    elements = given.elements if isinstance(given, cst.List | cst.Tuple) else ()
    fields = [e.value.evaluated_value for e in elements if isinstance(e.value, cst.SimpleString)]
    if not fields or len(fields) != len(elements):
        raise Refusal("which fields are written can't be told from update_fields")
    return [str(field) for field in fields]


def _is_all(rounds: Rounds) -> bool:
    """Whether each row is set and saved, and nothing else is done."""
    lines = rounds.node.body.body
    plain = [line for line in lines if isinstance(line, cst.SimpleStatementLine)]
    parts = [part for line in plain for part in line.body]
    saves = [part for part in parts if isinstance(part, cst.Expr)]
    return (
        len(plain) == len(lines)
        and all(isinstance(part, cst.Assign | cst.Expr) for part in parts)
        and len(saves) == 1
        and parts[-1] is saves[0]
        and _is_fresh(rounds)
    )


def _is_fresh(rounds: Rounds) -> bool:
    """Whether the loop goes through a queryset whole, that nobody looks at any more."""
    value = rounds.node.iter
    if isinstance(value, cst.Name):
        given = list(assigned(rounds.function, value.value))
        uses = m.findall(rounds.function, m.Name(value.value))
        if len(given) != 1 or len(uses) != 2:  # where it is made, and here
            return False
        value = given[0]
    link = link_of(value)
    if link is None:
        return False
    while link is not None:
        if link.method not in RETURNS_QUERYSET - {"distinct", "union", "select_for_update"}:
            return False
        if link_of(link.attribute.value) is None:
            return is_manager(link.attribute.value)
        link = link_of(link.attribute.value)
    return False


def _are_the_same(rounds: Rounds, values: dict[str, cst.BaseExpression]) -> bool:
    """Whether every row gets the same."""
    return all(
        isinstance(value, CONSTANTS) or (is_plain(value) and not names(value) & rounds.bound)
        for value in values.values()
    ) and len(values) == len(m.findall(rounds.node.body, m.Assign()))


def _update_all(draft: Draft, rounds: Rounds, values: dict[str, cst.BaseExpression]) -> None:
    syntax = rounds.syntax
    start, end = syntax.start(rounds.node), rounds.end
    if "#" in syntax.text[start:end]:
        raise Refusal("a comment stands inside the loop")
    given = ", ".join(f"{name}={syntax.code(value)}" for name, value in values.items())
    rows = syntax.code(rounds.node.iter)
    draft.change([Change(start, f"{rows}.update({given})", removed=end - start)])


def _update_after(
    draft: Draft, rounds: Rounds, call: cst.Call, row: str, fields: list[str], finding: Finding
) -> None:
    syntax, model = rounds.syntax, finding.remedy.code
    if model not in names(draft.whole().module):
        raise Refusal(f"{model} is not imported there")
    if called(rounds.node.body) & {"select_for_update", "refresh_from_db"}:
        raise Refusal("each row is locked, or read again, by itself")
    found = free_name(rounds, f"changed_{plural(model)}", f"{plural(model)}_to_update")
    quote = syntax.quote()
    listed = ", ".join(f"{quote}{field}{quote}" for field in fields)
    start, end = syntax.start(call), syntax.end(call)
    # By key, so that of a row which a join gives twice the last one counts, as it did.
    told = f"{model}._default_manager.bulk_update({found}.values(), [{listed}], {BATCH})"
    draft.change([
        *rounds.before(f"{found} = {{}}"),
        Change(start, f"{found}[{row}.pk] = {row}", removed=end - start),
        *rounds.after(told),
    ])  # fmt: skip
