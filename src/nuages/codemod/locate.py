"""From a recorded span to the syntax node that it ends: by end position and kind of node."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import libcst as cst

from nuages.codemod import Refusal
from nuages.codemod.draft import Draft, Syntax
from nuages.model import Location, OriginKind

LOOPS = (cst.For, cst.CompFor)
COMPREHENSIONS = (cst.ListComp, cst.SetComp, cst.DictComp, cst.GeneratorExp)
TESTS = (cst.If, cst.IfExp, cst.While, cst.Assert)


def expression_at(draft: Draft, syntax: Syntax, location: Location) -> cst.BaseExpression:
    """The expression that a location's span ends; Refusal when there is none or no span."""
    place = f"{location.file}:{location.line}"
    if location.kind in ("template", "field", "class", None):
        raise Refusal(f"no expression was recorded at {place}")
    if location.end_line is None or location.end_column is None or location.column is None:
        raise Refusal(
            f"only the line was recorded at {place}: the code runs "
            "without column positions (-X no_debug_ranges)"
        )
    end = draft.offset(location.end_line, location.end_column)
    start = draft.offset(location.line, location.column)
    for expression in _expressions(syntax, location.kind, start, end):
        return expression
    if any(
        isinstance(node, cst.ClassDef) and syntax.start(node) == start for node, _ in syntax.nodes()
    ):
        raise Refusal(f"the queryset is created when the class at {place} is, by its base class")
    raise Refusal(
        f"no {location.kind} ends at {location.file}:{location.end_line}, "
        f"column {location.end_column + 1}: has the file changed since it was recorded?"
    )


def spanned(draft: Draft, location: Location) -> tuple[int, int]:
    """Where a span of the original starts and ends now."""
    if location.end_line is None or location.end_column is None or location.column is None:
        raise Refusal(f"only the line is known at {location.file}:{location.line}")
    start = draft.offset(location.line, location.column)
    return start, draft.offset(location.end_line, location.end_column)


def enclosing_class(syntax: Syntax, node: cst.CSTNode) -> cst.ClassDef | None:
    parent = syntax.parent(node)
    while parent is not None and not isinstance(parent, cst.ClassDef):
        parent = syntax.parent(parent)
    return parent


def class_at(draft: Draft, syntax: Syntax, location: Location) -> cst.ClassDef:
    """The class of a location of kind "class": by qualified name first, then by line."""
    line = draft.offset(location.line, 0)
    classes = [node for node, _ in syntax.nodes() if isinstance(node, cst.ClassDef)]
    named = [node for node in classes if qualified_name(syntax, node) == location.function]
    at_line = [node for node in named or classes if _heads(syntax, node, line)]
    found = at_line or named
    if len(found) != 1:
        raise Refusal(f"no class starts at {location.file}:{location.line}")
    return found[0]


def qualified_name(syntax: Syntax, node: cst.ClassDef) -> str:
    names = [node.name.value]
    parent = syntax.parent(node)
    while parent is not None:
        if isinstance(parent, cst.ClassDef):
            names.append(parent.name.value)
        elif isinstance(parent, cst.FunctionDef):
            names.append(f"{parent.name.value}.<locals>")
        parent = syntax.parent(parent)
    return ".".join(reversed(names))


def _heads(syntax: Syntax, node: cst.ClassDef, line: int) -> bool:
    """Whether the line that starts at an offset is that of `class X`, or of a decorator's."""
    decorators = [syntax.start(decorator) for decorator in node.decorators]
    first = min([*decorators, syntax.start(node)])
    return first - len(syntax.indentation(first) or "") <= line <= syntax.start(node.name)


def _expressions(
    syntax: Syntax, kind: OriginKind, start: int, end: int
) -> Iterator[cst.BaseExpression]:
    pick = _PICK[kind]
    for node, span in syntax.nodes():
        if isinstance(node, cst.BaseExpression):
            if syntax.offset(span.end.line, span.end.column) == end:
                yield from pick(syntax, node)
        # Some versions give a statement's whole span, whose end depends on trailing blank
        # lines: its start is the surer sign.
        elif syntax.offset(span.start.line, span.start.column) == start:
            yield from _of_statement(kind, node)


def _of_statement(kind: OriginKind, node: cst.CSTNode) -> Iterator[cst.BaseExpression]:
    if kind == "iterate" and isinstance(node, cst.For):
        yield node.iter
    elif kind == "truth" and isinstance(node, (cst.If, cst.While, cst.Assert)):
        yield node.test
    elif kind == "with" and isinstance(node, cst.With) and len(node.items) == 1:
        yield node.items[0].item


def _call(syntax: Syntax, node: cst.BaseExpression) -> Iterator[cst.BaseExpression]:
    if isinstance(node, cst.Call):
        yield node


def _attribute(syntax: Syntax, node: cst.BaseExpression) -> Iterator[cst.BaseExpression]:
    if isinstance(node, cst.Attribute):
        yield node


def _subscript(syntax: Syntax, node: cst.BaseExpression) -> Iterator[cst.BaseExpression]:
    if isinstance(node, cst.Subscript):
        yield node.value


def _await(syntax: Syntax, node: cst.BaseExpression) -> Iterator[cst.BaseExpression]:
    if isinstance(node, cst.Await):
        yield node.expression


def _comparison(syntax: Syntax, node: cst.BaseExpression) -> Iterator[cst.BaseExpression]:
    if isinstance(node, cst.Comparison) and len(node.comparisons) == 1:
        yield node.comparisons[0].comparator


def _iterate(syntax: Syntax, node: cst.BaseExpression) -> Iterator[cst.BaseExpression]:
    parent = syntax.parent(node)
    if isinstance(parent, LOOPS) and parent.iter is node:
        yield node
    elif isinstance(node, COMPREHENSIONS):
        yield node.for_in.iter
    elif isinstance(parent, (cst.StarredElement, cst.Arg, cst.From)):
        yield node


def _truth(syntax: Syntax, node: cst.BaseExpression) -> Iterator[cst.BaseExpression]:
    parent = syntax.parent(node)
    if isinstance(node, cst.UnaryOperation):
        yield node.expression
    elif isinstance(parent, (cst.BooleanOperation, cst.UnaryOperation)) or (
        isinstance(parent, TESTS) and parent.test is node
    ):
        yield node


def _with(syntax: Syntax, node: cst.BaseExpression) -> Iterator[cst.BaseExpression]:
    if isinstance(syntax.parent(node), cst.WithItem):
        yield node


_Pick = Callable[[Syntax, cst.BaseExpression], Iterator[cst.BaseExpression]]
_PICK: dict[OriginKind, _Pick] = {
    "call": _call,
    "attribute": _attribute,
    "subscript": _subscript,
    "comparison": _comparison,
    "iterate": _iterate,
    "truth": _truth,
    "with": _with,
    "await": _await,
}
