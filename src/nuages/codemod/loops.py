"""A `for` statement around an expression, and what can be read off it surely."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst
import libcst.matchers as m

from nuages.codemod import Refusal
from nuages.codemod.chain import RETURNS_NO_INSTANCES, RETURNS_QUERYSET, link_of
from nuages.codemod.draft import Change, Syntax

# What changes rows, or reads them anew, as far as names tell.
CHANGES = frozenset({
    "add", "bulk_create", "bulk_update", "clear", "create", "delete", "get_or_create",
    "refresh_from_db", "remove", "save", "set", "update", "update_or_create",
})  # fmt: skip
MAKES_LIST = frozenset({"list", "sorted", "dict", "set", "tuple"})
FUNCTIONS = (cst.FunctionDef, cst.Lambda, cst.ClassDef)


@dataclass(frozen=True, slots=True)
class Rounds:
    """A `for` statement, in a function or at the top of a module."""

    syntax: Syntax
    node: cst.For
    function: cst.FunctionDef

    @property
    def bound(self) -> frozenset[str]:
        """Names that each round gives another value."""
        return frozenset({*stored(self.node.target), *stored(self.node.body)})

    @property
    def indentation(self) -> str:
        indentation = self.syntax.indentation(self.syntax.start(self.node))
        if indentation is None:
            raise Refusal("the loop does not start on a line of its own")
        return indentation

    def before(self, *lines: str) -> list[Change]:
        """Statements on the lines before the loop."""
        gap = f"{self.syntax.newline()}{self.indentation}"
        return [Change(self.syntax.start(self.node), "".join(f"{line}{gap}" for line in lines))]

    def after(self, *lines: str) -> list[Change]:
        """Statements on the lines after the loop."""
        gap = f"{self.syntax.newline()}{self.indentation}"
        return [Change(self.end, "".join(f"{gap}{line}" for line in lines))]

    @property
    def end(self) -> int:
        """Where the last line of the loop ends."""
        start, end = self.syntax.start(self.node), self.syntax.end(self.node)
        last = start + len(self.syntax.text[start:end].rstrip())
        return self.syntax.line_end(last)


def rounds_around(syntax: Syntax, node: cst.CSTNode) -> Rounds:
    """The innermost loop that comes back to a node; Refusal where it is no plain one."""
    loop: cst.For | None = None
    inner, parent = node, syntax.parent(node)
    while parent is not None and not isinstance(parent, FUNCTIONS):
        if isinstance(parent, cst.While | cst.BaseComp) and loop is None:
            raise Refusal("the loop is not a for statement")
        if isinstance(parent, cst.Try | cst.TryStar | cst.With) and loop is None:
            raise Refusal("an exception there may be handled, or a block be left")
        if isinstance(parent, cst.For) and loop is None and inner is not parent.iter:
            loop = parent
        inner, parent = parent, syntax.parent(parent)
    if loop is None or not isinstance(parent, cst.FunctionDef):
        raise Refusal("no for statement of the same function is around it")
    if loop.asynchronous is not None or loop.orelse is not None:
        raise Refusal("the loop is asynchronous, or has an else")
    return Rounds(syntax, loop, parent)


def goes_through_rows(rounds: Rounds) -> bool:
    """Whether it is sure that what the loop goes through can be a list: a queryset or a literal."""
    return is_rows(rounds, rounds.node.iter)


def is_rows(rounds: Rounds, value: cst.BaseExpression) -> bool:
    if isinstance(value, cst.List | cst.Tuple | cst.ListComp):
        return True
    if isinstance(value, cst.Subscript):
        return is_rows(rounds, value.value)
    if isinstance(value, cst.Name):
        given = list(assigned(rounds.function, value.value))
        return bool(given) and all(is_rows(rounds, one) for one in given)
    if isinstance(value, cst.Call) and isinstance(value.func, cst.Name):
        return value.func.value in MAKES_LIST
    link = link_of(value)
    return link is not None and link.method in RETURNS_QUERYSET | RETURNS_NO_INSTANCES


def assigned(function: cst.FunctionDef, name: str) -> Iterator[cst.BaseExpression]:
    """Every value that a function gives a name; nothing where that can't be told."""
    stores = sum(stored_name == name for stored_name in _all_stored(function))
    plain = [
        node.value
        for node in m.findall(function, m.Assign(targets=[m.AssignTarget(target=m.Name(name))]))
        if isinstance(node, cst.Assign)
    ]
    if stores == len(plain):
        yield from plain


def stored(node: cst.CSTNode) -> set[str]:
    """Names that a target or a block assigns to."""
    if isinstance(node, cst.Name):
        return {node.value}
    if isinstance(node, cst.Tuple | cst.List):
        return {name for element in node.elements for name in stored(element.value)}
    return set(_all_stored(node))


def _all_stored(node: cst.CSTNode) -> Iterator[str]:
    targets = m.AssignTarget() | m.AnnAssign() | m.AugAssign() | m.For() | m.NamedExpr()
    for found in m.findall(node, targets | m.CompFor() | m.AsName() | m.Param()):
        target = getattr(found, "name", None) or getattr(found, "target", None)
        if isinstance(target, cst.CSTNode):
            yield from names(target)


def names(node: cst.CSTNode) -> set[str]:
    return {found.value for found in m.findall(node, m.Name()) if isinstance(found, cst.Name)}


def is_plain(node: cst.BaseExpression) -> bool:
    """Whether evaluating it twice, or sooner, is the same: names, attributes, constant keys."""
    if isinstance(node, cst.Name | cst.SimpleString | cst.Integer):
        return True
    if isinstance(node, cst.Attribute):
        return is_plain(node.value)
    if isinstance(node, cst.Subscript) and len(node.slice) == 1:
        part = node.slice[0].slice
        return isinstance(part, cst.Index) and is_plain(part.value) and is_plain(node.value)
    return False


def called(node: cst.CSTNode) -> set[str]:
    """Last names of all that is called within."""
    calls = (found for found in m.findall(node, m.Call()) if isinstance(found, cst.Call))
    functions = (call.func for call in calls)
    parts = (func.attr if isinstance(func, cst.Attribute) else func for func in functions)
    return {part.value for part in parts if isinstance(part, cst.Name)}


def changes_rows(node: cst.CSTNode) -> bool:
    found = called(node)
    return bool({*found, *(name[1:] for name in found if name.startswith("a"))} & CHANGES)


def sets_attributes_of(node: cst.CSTNode, name: str) -> bool:
    """Whether an attribute of what a name stands for is assigned, or deleted."""
    pattern = m.AssignTarget(target=m.Attribute(value=m.Name(name)))
    return bool(m.findall(node, pattern | m.AugAssign(target=m.Attribute(value=m.Name(name)))))


def plural(name: str) -> str:
    """ "blog_posts" for BlogPost."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    return f"{words[:-1]}ies" if re.search(r"[^aeiou]y$", words) else f"{words}s"


def free_name(rounds: Rounds, *wanted: str) -> str:
    """The first that nothing near has; Refusal where these are all taken."""
    taken = names(rounds.syntax.module)
    for name in wanted:
        if name not in taken:
            return name
    raise Refusal(f"the name {wanted[0]} is taken")
