"""Sites resolved to locations, when a snapshot is written."""

from __future__ import annotations

import os
from functools import lru_cache
from hashlib import sha256
from typing import Any

from nuages.record import declarations, landmarks, sites, spans

OUTSIDE = ""  # the root's label for a template or class that is not the project's

SPAN = ("line", "column", "end_line", "end_column")

Resolved = dict[str, Any]  # the fields of model.Location

_resolved: dict[int, Resolved | None] = {}


def forget() -> None:
    _resolved.clear()


def resolve(number: int) -> Resolved | None:
    """The location of a site; None for no site."""
    if number not in _resolved:
        site = sites.table[number]
        _resolved[number] = None if site is None else _resolve(site)
    return _resolved[number]


def _resolve(site: sites.Site) -> Resolved | None:
    if isinstance(site, sites.CodeSite):
        return _of_code(site)
    if isinstance(site, sites.TemplateSite):
        root, file = landmarks.place(site.filename) or (OUTSIDE, site.name)
        return {"root": root, "file": file, "line": site.line, "kind": "template"}
    if isinstance(site, sites.FieldSite):
        return {
            **(_of_declaration(site) or _of_class(site.filename, site.qualname)),
            "function": f"{site.qualname}.{site.field}",
            "kind": "field",
        }
    if site.code is not None:
        return {
            **_place(site.filename),
            "line": site.code.co_firstlineno,
            "function": spans.function_name(site.qualname),
        }
    return {**_of_class(site.filename, site.qualname), "kind": "class"}


def _of_code(site: sites.CodeSite) -> Resolved:
    code = site.code
    span = spans.span(code, site.lasti)
    return {
        **_place(code.co_filename),
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
        "function": spans.function_name(code.co_qualname),
        "kind": span.kind,
    }


def _place(filename: str) -> Resolved:
    placed = landmarks.place(filename)
    if placed is not None:
        return {"root": placed[0], "file": placed[1]}
    _, found, below = filename.replace(os.sep, "/").rpartition("-packages/")
    return {"root": OUTSIDE, "file": below if found else filename.replace(os.sep, "/")}


def _of_class(filename: str, qualname: str) -> Resolved:
    """Where a class statement stands; line 1 when the file has no such class."""
    declared = declarations.classes(filename).get(qualname)
    found: Resolved = {**_place(filename), "line": 1, "function": qualname}
    if declared is not None:
        found |= {"line": declared.line, "column": declared.column}
    return found


def _of_declaration(site: sites.FieldSite) -> Resolved | None:
    """Where a project's class gives the field; None when only a Meta lists it."""
    for filename, qualname in site.ancestors:
        if landmarks.is_project_file(filename):
            declared = declarations.classes(filename).get(qualname)
            if declared is not None and site.field in declared.assigned:
                span = declared.assigned[site.field]
                return {**_place(filename), **dict(zip(SPAN, span, strict=True))}
    return None


def digest(resolved: Resolved, number: int) -> str | None:
    """SHA-256 of the file that a site stands in."""
    site = sites.table[number]
    if site is None or resolved["root"] == OUTSIDE:
        return None
    filename = site.code.co_filename if isinstance(site, sites.CodeSite) else site.filename
    if isinstance(site, sites.TemplateSite):
        return _digest_of_template(filename)
    source = spans.source(filename)
    return source.digest if source else None


@lru_cache(maxsize=256)
def _digest_of_template(filename: str) -> str | None:
    try:
        with open(filename, "rb") as file:
            return sha256(file.read()).hexdigest()
    except OSError:
        return None
