"""Where a method call or an argument goes in the text, in the layout that is there."""

from __future__ import annotations

import libcst as cst

from nuages.codemod import Refusal
from nuages.codemod.chain import Link
from nuages.codemod.draft import Change, Syntax

# Within these an expression of any kind needs no parentheses.
ALONE = (cst.Return, cst.Assign, cst.AnnAssign, cst.Arg, cst.Element, cst.DictElement)


def appended(
    syntax: Syntax,
    creation: cst.BaseExpression,
    link: Link | None,
    following: Link | None,
    method_call: str,
) -> list[Change]:
    """`.method()` right after an expression; on a line of its own where the chain does so."""
    end = syntax.end(creation)
    model = following or link
    gap = _gap(syntax, _dot(syntax, model)) if model else ""
    if gap:
        end = _after_comment(syntax, end)
    return [Change(end, f"{gap}.{method_call}")]


def statement_added(syntax: Syntax, anchor: cst.SimpleStatementLine, text: str) -> list[Change]:
    """A statement on the line after another one's."""
    start = syntax.start(anchor)
    indentation = syntax.indentation(start) or ""
    end = syntax.line_end(syntax.end(anchor))
    return [Change(end, f"{syntax.newline()}{indentation}{text}")]


def method_added(syntax: Syntax, node: cst.ClassDef, lines: tuple[str, str]) -> list[Change]:
    """A method of one statement, after the class's declarations and before its other methods."""
    if not isinstance(node.body, cst.IndentedBlock):
        raise Refusal(f"{node.name.value} stands on one line")
    parts = node.body.body
    methods = [part for part in parts if isinstance(part, cst.FunctionDef)]
    above = parts[: parts.index(methods[0])] if methods else parts
    first = above[-1] if above else methods[0]
    newline, indentation = syntax.newline(), _indentation(syntax, first)
    step = node.body.indent or syntax.module.default_indent
    text = f"{lines[0]}{newline}{indentation}{step}{lines[1]}"
    if not above:
        at = syntax.start(methods[0].decorators[0] if methods[0].decorators else methods[0])
        return [Change(at, f"{text}{newline}{newline}{indentation}")]
    last = above[-1]
    if len(above) == 1 and _is_pass(last):
        start, end = syntax.start(last), syntax.end(last)
        return [Change(start, text, removed=end - start)]
    end = syntax.line_end(syntax.end(last))
    is_close = methods and syntax.text[end:].lstrip(" \t").startswith(f"{newline}{indentation}")
    gap = newline if is_close else ""
    return [Change(end, f"{newline}{newline}{indentation}{text}{gap}")]


def _indentation(syntax: Syntax, node: cst.CSTNode) -> str:
    return syntax.line_indentation(syntax.start(node))


def _is_pass(node: cst.CSTNode) -> bool:
    body = node.body if isinstance(node, cst.SimpleStatementLine) else ()
    return len(body) == 1 and isinstance(body[0], cst.Pass)


def placed_before(syntax: Syntax, link: Link, method_call: str) -> list[Change]:
    """`.method()` right before a call of the chain, such as `.get(…)`."""
    dot = _dot(syntax, link)
    return [Change(dot, f".{method_call}{_gap(syntax, dot)}")]


def argument_added(syntax: Syntax, call: cst.Call, argument: str) -> list[Change]:
    """One more positional argument, after the last one."""
    if not call.args:
        return [Change(syntax.end(call) - 1, argument)]
    last = call.args[-1]
    return item_added(syntax, last, last.comma, argument)


def item_added(
    syntax: Syntax, last: cst.CSTNode, comma: cst.Comma | cst.MaybeSentinel, item: str
) -> list[Change]:
    """One more item after the last of an argument list, a tuple or a list."""
    end = syntax.end(last)
    indentation = syntax.indentation(syntax.start(last))
    trailing = isinstance(comma, cst.Comma)
    if isinstance(comma, cst.Comma):
        end = syntax.end(comma)
    if indentation is None:
        return [Change(end, f" {item}," if trailing else f", {item}")]
    at = _after_comment(syntax, end)
    line = f"{syntax.newline()}{indentation}{item}{',' if trailing else ''}"
    return [Change(at, line)] if trailing else [Change(end, ","), Change(at, line)]


def _after_comment(syntax: Syntax, offset: int) -> int:
    rest = syntax.text[offset : syntax.line_end(offset)]
    return syntax.line_end(offset) if rest.strip().startswith("#") else offset


def _gap(syntax: Syntax, dot: int) -> str:
    """The line break and indentation before a dot that starts its line, else nothing."""
    indentation = syntax.indentation(dot)
    if indentation is None:
        return ""
    continuation = " \\" if syntax.text[:dot].rstrip().endswith("\\") else ""
    return f"{continuation}{syntax.newline()}{indentation}"


def _dot(syntax: Syntax, link: Link) -> int:
    """Where the dot before a method's name is."""
    return syntax.text.rindex(".", 0, syntax.start(link.attribute.attr))
