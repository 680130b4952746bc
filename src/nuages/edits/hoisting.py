"""A question that is the same in each round of a loop, asked once before it."""

from __future__ import annotations

import libcst as cst
import libcst.matchers as m

from nuages.codemod import Refusal
from nuages.codemod.chain import RETURNS_QUERYSET, Link, chain_through
from nuages.codemod.draft import Change, Draft
from nuages.codemod.locate import expression_at
from nuages.codemod.loops import (
    Rounds,
    changes_rows,
    free_name,
    names,
    plural,
    rounds_around,
    sets_attributes_of,
    stored,
)
from nuages.codemod.queryset import is_class_name, is_manager
from nuages.model import Finding, Location

# What gives an answer, and raises nothing, also where the loop would not have asked.
ANSWERS = frozenset({"count", "exists", "first", "last"})


def place(finding: Finding) -> Location | None:
    return finding.location if finding.remedy.code else None


def write(draft: Draft, finding: Finding) -> None:
    assert finding.location is not None
    syntax = draft.syntax(finding.location.line)
    asked = expression_at(draft, syntax, finding.location)
    chain = chain_through(syntax, asked)
    links = chain.links
    if not links or not is_manager(chain.base) or links[-1].call is not asked:
        raise Refusal("what is asked again is not a queryset of a manager alone")
    _check_links(links, finding.location)
    calls = m.findall(asked, m.Call())
    if len(calls) > len(links):
        raise Refusal("a call in it may give something else in each round")
    rounds = rounds_around(syntax, asked)
    if names(asked) & rounds.bound:
        raise Refusal("it depends on what the loop goes through")
    if changes_rows(rounds.node.body):
        raise Refusal("rows are changed in the loop, and the answer may be another one")
    for name in _given(rounds, asked):
        if sets_attributes_of(rounds.node.body, name):
            raise Refusal(f"{name} is changed there, and all rounds would share it")
    code = syntax.code(asked)
    if "\n" in code:
        raise Refusal("it is written on several lines")
    found = free_name(rounds, *_wanted(chain.base, links[-1]))
    start, end = syntax.start(asked), syntax.end(asked)
    one = Change(start, found, removed=end - start)
    draft.change([*rounds.before(f"{found} = {code}"), one])


def _check_links(links: tuple[Link, ...], location: Location) -> None:
    """That it is lazy, or that asking in vain is no harm."""
    *before, last = [link.method for link in links]
    lazy = RETURNS_QUERYSET - {"select_for_update"}
    is_known = last in ANSWERS or (location.kind == "iterate" and last in lazy)
    if not is_known or not lazy.issuperset(before):
        raise Refusal(f".{last}() before the loop may raise, or give something else")


def _given(rounds: Rounds, asked: cst.BaseExpression) -> set[str]:
    """Names that its rows have in the loop."""
    parent = rounds.syntax.parent(asked)
    if isinstance(parent, cst.For):
        return stored(parent.target)
    if isinstance(parent, cst.Assign):
        return {name for target in parent.targets for name in stored(target.target)}
    return set()


def _wanted(base: cst.BaseExpression, last: Link) -> tuple[str, ...]:
    owner = base.value if isinstance(base, cst.Attribute) else base
    name = owner.attr if isinstance(owner, cst.Attribute) else owner
    if not isinstance(name, cst.Name) or not is_class_name(owner):
        return ("known", "asked_before")
    many = plural(name.value)
    if last.method == "count":
        return (f"number_of_{many}",)
    if last.method == "exists":
        return (f"has_{many}",)
    one = plural(f"{name.value}X").removesuffix("_xs")
    return (one, f"the_{one}") if last.method in ANSWERS else (many, f"all_{many}")
