"""One more argument of a call: what `save()` writes."""

from __future__ import annotations

import libcst as cst

from nuages.codemod import Refusal
from nuages.codemod.draft import Draft
from nuages.codemod.insert import argument_added
from nuages.codemod.locate import expression_at
from nuages.model import Finding, Location


def place(finding: Finding) -> Location | None:
    return finding.location if finding.remedy.path else None


def write(draft: Draft, finding: Finding) -> None:
    assert finding.location is not None
    assert finding.remedy.path is not None
    syntax = draft.syntax(finding.location.line)
    call = expression_at(draft, syntax, finding.location)
    if not isinstance(call, cst.Call) or call.args:
        raise Refusal("the call says already what it writes")
    quote = syntax.quote()
    names = ", ".join(f"{quote}{name}{quote}" for name in finding.remedy.path.split(", "))
    draft.change(argument_added(syntax, call, f"{finding.remedy.kind}=[{names}]"))
