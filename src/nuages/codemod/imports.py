"""A name imported at the top of a module, where the module has its imports of that kind."""

from __future__ import annotations

import libcst as cst

from nuages.codemod.draft import Change, Syntax
from nuages.codemod.insert import item_added


def import_added(syntax: Syntax, module: str, name: str) -> list[Change]:
    """`from module import name`; nothing where the name is there already.

    `syntax` is that of the whole file.
    """
    lines = [line for line in syntax.module.body if isinstance(line, cst.SimpleStatementLine)]
    imports = [(line, part) for line in lines for part in line.body if _is_import(part)]
    for _, part in imports:
        if isinstance(part, cst.ImportFrom) and _module(part) == module:
            return _named_too(syntax, part, name)
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
    end = syntax.line_end(syntax.end(after[-1])) if after else 0
    return [Change(end, f"{syntax.newline()}{syntax.newline()}{text}")]


def _named_too(syntax: Syntax, part: cst.ImportFrom, name: str) -> list[Change]:
    if isinstance(part.names, cst.ImportStar):
        return []
    plain = {alias.evaluated_name for alias in part.names if alias.asname is None}
    if name in plain:
        return []
    last = part.names[-1]
    return item_added(syntax, last, last.comma, name)


def _is_import(part: cst.BaseSmallStatement) -> bool:
    return isinstance(part, cst.Import | cst.ImportFrom)


def _module(part: cst.BaseSmallStatement) -> str:
    if not isinstance(part, cst.ImportFrom) or part.module is None or part.relative:
        return ""
    return cst.helpers.get_full_name_for_node(part.module) or ""
