"""A name imported at the top of a module, where the module has its imports of that kind."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from nuages.codemod.draft import Change, Syntax
from nuages.codemod.insert import item_added


def dotted(file: str) -> str:
    """The module that a file of a source root is: "shop.models" for "shop/models.py"."""
    return file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def import_added(syntax: Syntax, module: str, name: str, file: str = "") -> list[Change]:
    """`from module import name`; nothing where the name is there already.

    `syntax` is that of the whole file; with the file's own name an import that is relative, or of
    a package that the module is in, is known as well.
    """
    lines = [line for line in syntax.module.body if isinstance(line, cst.SimpleStatementLine)]
    imports = [(line, part) for line in lines for part in line.body if _is_import(part)]
    for _, part in imports:
        if not isinstance(part, cst.ImportFrom):
            continue
        if _module(part) == module or (file and _absolute(part, file) == module):
            return _named_too(syntax, part, name)
        if file and name in _names(part) and module.startswith(f"{_absolute(part, file)}."):
            return []
    text = f"from {module} import {name}"
    earlier = [
        line
        for line, part in imports
        if isinstance(part, cst.ImportFrom)
        and _module(part).split(".")[0] == module.split(".")[0]
        and _module(part) < module
    ]
    if earlier:
        end = syntax.line_end(syntax.end(earlier[-1]))
        return [Change(end, f"{syntax.newline()}{text}")]
    others = [line for line, part in imports if _module(part) != "__future__"]
    if others:
        return [Change(syntax.start(others[0]), f"{text}{syntax.newline()}")]
    after = [line for line, _ in imports] or lines[:1]
    if not after:
        return [Change(syntax.offset(1, 0), f"{text}{3 * syntax.newline()}")]
    end = syntax.line_end(syntax.end(after[-1]))
    return [Change(end, f"{syntax.newline()}{syntax.newline()}{text}")]


def _named_too(syntax: Syntax, part: cst.ImportFrom, name: str) -> list[Change]:
    if isinstance(part.names, cst.ImportStar):
        return []
    if name in _names(part):
        return []
    last = part.names[-1]
    known = [alias.evaluated_name for alias in part.names]
    if known == sorted(known) and name < known[-1]:
        return _in_order(syntax, part.names, name)
    return item_added(syntax, last, last.comma, name)


def _in_order(syntax: Syntax, aliases: Sequence[cst.ImportAlias], name: str) -> list[Change]:
    """Before the first name that sorts after it."""
    following = next(alias for alias in aliases if alias.evaluated_name > name)
    at = syntax.start(following)
    indentation = syntax.indentation(at)
    gap = " " if indentation is None else f"{syntax.newline()}{indentation}"
    return [Change(at, f"{name},{gap}")]


def _names(part: cst.ImportFrom) -> set[str]:
    """Names that are imported, and not under others."""
    if isinstance(part.names, cst.ImportStar):
        return set()
    return {alias.evaluated_name for alias in part.names if alias.asname is None}


def _absolute(part: cst.ImportFrom, file: str) -> str:
    """The module of `from .models import …` in that file."""
    name = cst.helpers.get_full_name_for_node(part.module) if part.module else ""
    if not part.relative:
        return name or ""
    package = file.split("/")[: -len(part.relative)]
    return ".".join([*package, *([name] if name else [])])


def _is_import(part: cst.BaseSmallStatement) -> bool:
    return isinstance(part, cst.Import | cst.ImportFrom)


def _module(part: cst.BaseSmallStatement) -> str:
    if not isinstance(part, cst.ImportFrom) or part.module is None or part.relative:
        return ""
    return cst.helpers.get_full_name_for_node(part.module) or ""
