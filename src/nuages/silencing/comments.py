"""The comments that silence findings: `# nuages: ignore[rule]`, `{# nuages: ignore[rule] #}`."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass

from nuages.errors import NuagesError
from nuages.model import Location

MENTION = re.compile(r"nuages:\s*ignore\b")
IGNORE = re.compile(r"nuages:\s*ignore\b(?P<more>\s*\[(?P<rules>[^\]]*)(?P<end>\]?))?")
TEMPLATE_COMMENT = re.compile(r"\{#.*?#\}")

Chain = ast.Attribute | ast.Call | ast.Subscript | ast.Await


@dataclass(frozen=True, kw_only=True, slots=True)
class Comment:
    """One comment that silences."""

    root: str  # label of the source root
    file: str
    line: int
    rules: tuple[str, ...]  # none: every rule
    is_alone: bool  # on its line, and so about what follows

    @property
    def where(self) -> str:
        root = "" if self.root in ("", ".") else f"{self.root.rstrip('/')}/"
        return f"{root}{self.file}:{self.line}"


def of_python(text: str, root: str, file: str) -> tuple[Comment, ...]:
    """The comments of a Python file; what only looks like one, in a string, is none."""
    return tuple(
        comment
        for line, before, words in _python_comments(text)
        for comment in _comments(words, root, file, line, is_alone=not before.strip())
    )


def of_template(text: str, root: str, file: str) -> tuple[Comment, ...]:
    """The comments of a template of Django or Jinja."""
    return tuple(
        comment
        for number, line in enumerate(text.splitlines(), start=1)
        for found in TEMPLATE_COMMENT.finditer(line)
        for comment in _comments(
            found[0], root, file, number, is_alone=not TEMPLATE_COMMENT.sub("", line).strip()
        )
    )


def _python_comments(text: str) -> Iterator[tuple[int, str, str]]:
    """(line, what stands before it there, its text)."""
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT:
                yield token.start[0], token.line[: token.start[1]], token.string
    except (tokenize.TokenError, SyntaxError):  # of a newer Python: what was read so far counts
        return


def _comments(words: str, root: str, file: str, line: int, *, is_alone: bool) -> Iterator[Comment]:
    found = IGNORE.search(words)
    if found is None:
        return
    names = tuple(name.strip() for name in (found["rules"] or "").split(",") if name.strip())
    comment = Comment(root=root, file=file, line=line, rules=names, is_alone=is_alone)
    if found["more"] and not (names and found["end"]):
        raise NuagesError(
            f"{comment.where}: `{found[0]}` names no rule, or lacks its bracket.",
            hint="write ignore[rule, other-rule], or ignore alone for every rule",
            slug="unknown-rule",
        )
    yield comment


def lines_about(location: Location, tree: ast.Module, text: str) -> frozenset[int]:
    """The lines whose comment speaks of a place: its own, those of the chain of calls that it is
    part of, the first and last of its statement, and the comments right above.
    """
    own = set(range(location.line, (location.end_line or location.line) + 1))
    if location.kind == "class":
        own = {location.line}
    statement = _statement(tree, location.line)
    if statement is not None:
        first, last = _header(statement)
        own |= {first, last}
        own |= _chain(statement, location)
    lines = text.splitlines()
    above: set[int] = set()
    for line in own:
        while line > 1 and line - 1 <= len(lines) and _is_comment(lines[line - 2]):
            line -= 1
            above.add(line)
    return frozenset(own | above)


def _is_comment(line: str) -> bool:
    stripped = line.strip()
    return stripped.startswith("#") or bool(
        stripped and not TEMPLATE_COMMENT.sub("", stripped).strip()
    )


def _statement(tree: ast.Module, line: int) -> ast.stmt | None:
    """The innermost statement around a line."""
    found: ast.stmt | None = None
    body: list[ast.AST] = list(tree.body)
    while body:
        node = body.pop()
        if isinstance(node, ast.stmt | ast.ExceptHandler | ast.match_case):
            first, last = _extent(node)
            if not first <= line <= last:
                continue
            if isinstance(node, ast.stmt):
                found = node
            body = list(ast.iter_child_nodes(node))
    return found


def _extent(node: ast.stmt | ast.ExceptHandler | ast.match_case) -> tuple[int, int]:
    if isinstance(node, ast.match_case):
        return node.pattern.lineno, node.body[-1].end_lineno or node.pattern.lineno
    decorators = getattr(node, "decorator_list", ())
    first = min([node.lineno, *(decorator.lineno for decorator in decorators)])
    return first, node.end_lineno or node.lineno


def _header(statement: ast.stmt) -> tuple[int, int]:
    """First and last line of a statement, of `for`, `with`, `def` and the like without the body."""
    first, last = _extent(statement)
    body = getattr(statement, "body", None)
    if isinstance(body, list) and body:
        return first, max(first, min(body[0].lineno - 1, last))
    return first, last


def _chain(statement: ast.stmt, location: Location) -> set[int]:
    """The lines of `Post.objects.filter(…).order_by(…)` around a place that is one call of it."""
    end = location.end_line or location.line
    chains: list[Chain] = []
    inner: set[int] = set()
    for node in ast.walk(statement):
        if isinstance(node, Chain):
            inside = node.func if isinstance(node, ast.Call) else node.value
            if isinstance(inside, Chain):
                inner.add(id(inside))
            if node.lineno <= location.line and end <= (node.end_lineno or node.lineno):
                chains.append(node)
    tops = [node for node in chains if id(node) not in inner]
    if not tops:
        return set()
    least = min(tops, key=lambda node: (node.end_lineno or node.lineno) - node.lineno)
    return set(range(least.lineno, (least.end_lineno or least.lineno) + 1))
