"""A question that asks the database no more than it needs, in place of one that fetches rows."""

from __future__ import annotations

import libcst as cst

from nuages.codemod import Refusal
from nuages.codemod.draft import Change, Draft
from nuages.codemod.locate import expression_at, spanned
from nuages.model import Finding, Location


def place(finding: Finding) -> Location | None:
    return finding.location


def write(draft: Draft, finding: Finding) -> None:
    assert finding.location is not None
    if finding.remedy.code:
        _replace(draft, finding.location, finding.remedy.replaces, finding.remedy.code)
    elif finding.remedy.kind == "exists":
        _ask_for_any(draft, finding.location)
    else:
        _ask_for_number(draft, finding.location)


def _replace(draft: Draft, location: Location, old: str, new: str) -> None:
    start, end = spanned(draft, location)
    if draft.text[start:end] != old:
        raise Refusal("another edit changes the expression")
    if "#" in old and "#" not in new:
        raise Refusal("a comment stands inside the expression")
    needs_parentheses = "\n" in new and not new.startswith(old)
    text = _laid_out(old, new) if needs_parentheses else new
    draft.change([Change(start, text, removed=end - start)])


def _laid_out(old: str, new: str) -> str:
    """A chain on several lines, in the parentheses that `len(` had."""
    rows, dot, method = new.rpartition(".")
    opening, at = old.find("("), old.find(rows)
    if not 0 <= opening < at or old[opening + 1 : at].strip():
        return f"({new})"
    last = rows.rpartition("\n")[2]
    indent = last[: len(last) - len(last.lstrip())] if last.lstrip().startswith(".") else None
    gap = "" if indent is None else f"\n{indent}"
    return f"{old[opening:at]}{rows}{gap}{dot}{method}{old[at + len(rows) :]}"


def _ask_for_any(draft: Draft, location: Location) -> None:
    """`if posts:` becomes `if posts.exists():`, where nobody looks at the rows."""
    syntax = draft.syntax(location.line)
    tested = expression_at(draft, syntax, location)
    if location.kind != "truth" or not isinstance(tested, (cst.Name, cst.Attribute, cst.Call)):
        raise Refusal("what is tested for truth is not the queryset alone")
    draft.change([Change(syntax.end(tested), ".exists()")])


def _ask_for_number(draft: Draft, location: Location) -> None:
    """`len(posts)` becomes `posts.count()`."""
    syntax = draft.syntax(location.line)
    call = expression_at(draft, syntax, location)
    if not isinstance(call, cst.Call) or syntax.code(call.func) != "len" or len(call.args) != 1:
        raise Refusal("the rows are not counted by len() here")
    counted = call.args[0].value
    if not isinstance(counted, (cst.Name, cst.Attribute, cst.Call)):
        raise Refusal("what is counted is not the queryset alone")
    start, end = syntax.start(call), syntax.end(call)
    draft.change([Change(start, f"{syntax.code(counted)}.count()", removed=end - start)])
