"""An annotation of the queryset, and the expression that reads it where it is there."""

from __future__ import annotations

import re

import libcst as cst

from nuages.codemod import Refusal
from nuages.codemod.draft import Change, Draft
from nuages.codemod.imports import dotted, import_added
from nuages.codemod.insert import ALONE
from nuages.codemod.locate import expression_at
from nuages.codemod.queryset import call_to_draft
from nuages.model import Finding, Location

OF_DJANGO = re.compile(r"\b(Exists|Func|IntegerField|OuterRef|Subquery)\(")


def place(finding: Finding) -> Location | None:
    """Where the queryset was created."""
    return finding.created_at if finding.remedy.code else None


def write(draft: Draft, finding: Finding) -> None:
    """The annotation, and what it needs imported."""
    place, model = finding.created_at, finding.remedy.at
    assert place is not None
    assert model is not None
    code = finding.remedy.code.replace('"', draft.syntax(place.line).quote())
    call_to_draft(draft, place, _lines(code))
    for name in sorted({*OF_DJANGO.findall(code)}):
        draft.change(import_added(draft.whole(), "django.db.models", name))
    if (model.root, model.file) != (place.root, place.file):
        draft.change(import_added(draft.whole(), dotted(model.file), model.function, place.file))


def _lines(code: str) -> tuple[str, ...]:
    """As formatters lay it out."""
    name, _, value = code.partition("=")
    if not value.startswith("Subquery("):
        return ("annotate(", f"    {code}", ")")
    rows, _, values = value.removeprefix("Subquery(").removesuffix(")").partition(".order_by()")
    chain = (rows, ".order_by()", values)
    return (
        "annotate(", f"    {name}=Subquery(", *(f"        {part}" for part in chain), "    )", ")",
    )  # fmt: skip


def where_read(finding: Finding) -> Location | None:
    return finding.location


def write_read(draft: Draft, finding: Finding) -> None:
    """`post.comments_count if hasattr(post, "comments_count") else post.comments.count()`.

    Other querysets may lead there as well, without the annotation.
    """
    assert finding.location is not None
    syntax = draft.syntax(finding.location.line)
    name, quote = finding.remedy.code.partition("=")[0], syntax.quote()
    try:
        call = expression_at(draft, syntax, finding.location)
    except Refusal:
        if re.search(rf"\.{name} if hasattr\(", draft.text):
            return  # another queryset's annotation is read there already
        raise
    attribute = call.func if isinstance(call, cst.Call) and not call.args else None
    relation = attribute.value if isinstance(attribute, cst.Attribute) else None
    instance = relation.value if isinstance(relation, cst.Attribute) else None
    if not isinstance(instance, cst.Name):
        raise Refusal("what is counted is not the relation of an instance alone")
    has = f"hasattr({instance.value}, {quote}{name}{quote})"
    text = f"{instance.value}.{name} if {has} else {syntax.code(call)}"
    parent = syntax.parent(call)
    is_alone = isinstance(parent, ALONE)
    start, end = syntax.start(call), syntax.end(call)
    draft.change([Change(start, text if is_alone else f"({text})", removed=end - start)])
