"""An index of a model: the entry of its Meta, and what the entry needs imported."""

from __future__ import annotations

import re

from nuages.codemod import Refusal
from nuages.codemod.draft import Draft
from nuages.codemod.imports import import_added
from nuages.codemod.locate import class_at
from nuages.codemod.meta import index_added
from nuages.model import Finding, Location

# What an entry may name beside `models.Index` → where it comes from.
IMPORTS = {
    "GinIndex": "django.contrib.postgres.indexes",
    "OpClass": "django.contrib.postgres.indexes",
    "Upper": "django.db.models.functions",
    "Lower": "django.db.models.functions",
}
MODELS = re.compile(r"^from \S+ import .*\bmodels\b", re.MULTILINE)
OF_MODELS = re.compile(r"(?<![\w.])(F|Q)\(")
DATE_PART = re.compile(r"\b((?:Extract|Trunc)\w+)\(")


def place(finding: Finding) -> Location | None:
    """The model's class."""
    return finding.remedy.at if finding.remedy.code else None


def write(draft: Draft, finding: Finding) -> None:
    location = finding.remedy.at
    assert location is not None
    if not MODELS.search(draft.text):
        raise Refusal(f"{location.file} does not import models")
    entry = OF_MODELS.sub(r"models.\1(", finding.remedy.code)
    name = re.search(r'name="(\w+)"', entry)
    if name is not None and f'"{name[1]}"' in draft.text:
        return
    syntax = draft.syntax(location.line)
    draft.change(index_added(syntax, class_at(draft, syntax, location), entry))
    for needed in sorted({*re.findall(r"\b[A-Z]\w+(?=\()", entry)}):
        module = IMPORTS.get(needed) or (
            "django.db.models.functions" if DATE_PART.match(f"{needed}(") else ""
        )
        if module:
            draft.change(import_added(draft.whole(), module, needed))
