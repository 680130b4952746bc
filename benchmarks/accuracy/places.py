"""The places of the project, and what its comments say a tool should find there.

A statement that is to blame ends with `# <- rule`, `# <- rule remedy` or `# <- rule remedy path`;
before the rule stands `@name` where the line is not inside the place of that name. What may be said
there besides is named by `# also rule`.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parent / "project"
ALSO = re.compile(r"# also ([\w-]+)$")
MARK = re.compile(r"<- (?:@(\w+) )?([\w-]+)(?: (\w+))?(?: (\w+))?\s*(?:#\}.*)?$")


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What is wrong at a place."""

    place: str
    file: str
    lines: range  # of the statement
    rule: str
    remedy: str | None = None
    path: str | None = None


def expected() -> dict[str, Expected]:
    """Place → what is to be found there; every other place is to stay quiet."""
    found: dict[str, Expected] = {}
    for path in sorted((*PROJECT.rglob("*.py"), *PROJECT.rglob("*.html"))):
        text = path.read_text("utf-8")
        for number, line in enumerate(text.splitlines(), 1):
            if match := MARK.search(line):
                name, rule, remedy, lookup = match.groups()
                name = name or enclosing(text, number)
                assert name not in found, f"{path}:{number}: {name} is expected twice"
                file, where = path.relative_to(PROJECT).as_posix(), lines(text, number)
                found[name] = Expected(
                    place=name, file=file, lines=where, rule=rule, remedy=remedy, path=lookup
                )
    return found


def allowed() -> set[tuple[str, str]]:
    """(place, rule) of what may be said there besides."""
    found = set()
    for path in sorted(PROJECT.rglob("*.py")):
        text = path.read_text("utf-8")
        for number, line in enumerate(text.splitlines(), 1):
            if match := ALSO.search(line):
                found.add((enclosing(text, number), match.group(1)))
    return found


def lines(text: str, last: int) -> range:
    """The lines of the statement that ends in this one; the line itself in a template."""
    try:
        statements = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.stmt)]
    except SyntaxError:
        return range(last, last + 1)
    starts = [n.lineno for n in statements if n.end_lineno == last]
    return range(max(starts, default=last), last + 1)


def enclosing(text: str, line: int) -> str:
    """The function or class at the top of a module that a line stands in; "" for none."""
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            last = node.end_lineno or node.lineno
            if node.lineno <= line <= last:
                return node.name
    return ""
