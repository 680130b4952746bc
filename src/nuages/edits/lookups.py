"""One `in_bulk()` before a loop, in place of a `get()` in each of its rounds."""

from __future__ import annotations

import libcst as cst

from nuages.codemod import Refusal
from nuages.codemod.draft import Change, Draft, Syntax
from nuages.codemod.insert import ALONE
from nuages.codemod.locate import expression_at
from nuages.codemod.loops import (
    Rounds,
    changes_rows,
    free_name,
    goes_through_rows,
    is_plain,
    names,
    plural,
    rounds_around,
    sets_attributes_of,
)
from nuages.codemod.queryset import is_manager
from nuages.model import Finding, Location

KEYS = frozenset({"pk", "id"})


def place(finding: Finding) -> Location | None:
    return finding.location


def write(draft: Draft, finding: Finding) -> None:
    """`posts = Post.objects.in_bulk(keys)`, and `posts.get(key) or Post.objects.get(pk=key)`.

    What is not there raises as it did, and so does a key of another type find its row.
    """
    assert finding.location is not None
    syntax = draft.syntax(finding.location.line)
    call = expression_at(draft, syntax, finding.location)
    manager, key = _asked(call)
    rounds = rounds_around(syntax, call)
    _check(rounds, call, manager, key)
    row = _name_of(syntax, call)
    if row is not None and sets_attributes_of(rounds.node.body, row):
        raise Refusal(f"{row} is changed there, and rounds of the same key would share it")
    model = _of(manager)
    found = free_name(rounds, model, f"{model}_by_key")
    rows, before, through = _rows(rounds, found)
    keys = f"{{{syntax.code(key)} for {syntax.code(rounds.node.target)} in {rows}}}"
    before = (*before, f"{found} = {syntax.code(manager)}.in_bulk({keys})")
    start, end = syntax.start(call), syntax.end(call)
    text = f"{found}.get({syntax.code(key)}) or {syntax.code(call)}"
    is_alone = isinstance(syntax.parent(call), ALONE)
    one = Change(start, text if is_alone else f"({text})", removed=end - start)
    draft.change([*rounds.before(*before), *through, one])


def _asked(call: cst.BaseExpression) -> tuple[cst.BaseExpression, cst.BaseExpression]:
    """The manager and the key of `Post.objects.get(pk=key)`."""
    function = call.func if isinstance(call, cst.Call) else None
    if not isinstance(call, cst.Call) or not isinstance(function, cst.Attribute):
        raise Refusal("the row is not asked for by get() there")
    arguments = call.args
    by_key = len(arguments) == 1 and arguments[0].keyword and arguments[0].keyword.value in KEYS
    if function.attr.value != "get" or not is_manager(function.value) or not by_key:
        raise Refusal("the row is not asked for by get(pk=…) of a manager alone")
    return function.value, arguments[0].value


def _check(
    rounds: Rounds, call: cst.BaseExpression, manager: cst.BaseExpression, key: cst.BaseExpression
) -> None:
    if not is_plain(key):
        raise Refusal("the key is computed in the loop")
    target = names(rounds.node.target)
    if not names(key) & target or names(key) & (rounds.bound - target):
        raise Refusal("the key is not of what the loop goes through alone")
    if names(manager) & rounds.bound:
        raise Refusal("the manager is another one in each round")
    if changes_rows(rounds.node.body):
        raise Refusal("rows are changed in the loop, and would be outdated before it")
    if not goes_through_rows(rounds):
        raise Refusal("whether what the loop goes through can be gone through twice is not sure")


def _rows(rounds: Rounds, found: str) -> tuple[str, tuple[str, ...], list[Change]]:
    """A name for what the loop goes through, the line that gives it, and its use in the loop."""
    syntax, value = rounds.syntax, rounds.node.iter
    if isinstance(value, cst.Name):  # a queryset keeps its rows, a list anyhow
        return value.value, (), []
    name = free_name(rounds, "rows", "found_rows", "all_rows")
    start, end = syntax.start(value), syntax.end(value)
    if "\n" in syntax.code(value):
        raise Refusal("what the loop goes through is written on several lines")
    line = f"{name} = list({syntax.code(value)})"
    return name, (line,), [Change(start, name, removed=end - start)]


def _name_of(syntax: Syntax, call: cst.BaseExpression) -> str | None:
    """What the row is called."""
    parent = syntax.parent(call)
    if isinstance(parent, cst.Assign) and len(parent.targets) == 1:
        target = parent.targets[0].target
        return target.value if isinstance(target, cst.Name) else None
    return None


def _of(manager: cst.BaseExpression) -> str:
    """The plural of the model's name."""
    owner = manager.value if isinstance(manager, cst.Attribute) else manager
    name = owner.attr if isinstance(owner, cst.Attribute) else owner
    return plural(name.value) if isinstance(name, cst.Name) else "found"
