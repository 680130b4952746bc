"""Whether rows written one at a time may be written together: what would be left out, and read."""

from __future__ import annotations

import re

from nuages.cases import Case
from nuages.code import Code
from nuages.grounds.consequences import consequences
from nuages.loops import Loop
from nuages.model import Location, ModelFacts
from nuages.statements import table, tables

# A manager that makes its rows in a way of its own.
OWN_CREATE = re.compile(r"def (?:create|bulk_create|bulk_update|update)\(self")

OWN_FIELD = re.compile(r"def pre_save\(self")
DATES = frozenset({"DateField", "DateTimeField", "TimeField"})


def forbidden(model: ModelFacts | None, verb: str, loop: Loop, case: Case) -> str:
    """Why not, as a sentence for the user; or ""."""
    if model is None or not model.file:
        return "the model, and what runs when it is saved, is not known"
    if left_out := consequences(model, verb, case.code):
        return f"it would leave out {', '.join(left_out)}"
    if verb == "UPDATE" and (fields := _set_elsewhere(model, case.code)):
        return f"{fields} may be set by save()"
    if model.parents:
        return "its rows are in several tables"
    if {table(group.statement.sql) for group in loop.groups} != {model.table}:
        return "rows of other models are written as well"
    if any(case.code.matching(OWN_CREATE)):
        return "a manager of the project writes rows in a way of its own"
    if _is_read(model, loop, case):
        return "the same requests read such rows, which may not be written yet"
    return ""


def _set_elsewhere(model: ModelFacts, code: Code) -> str:
    """Dates that a library's base class declares, and fields of the project's own making."""
    if any(code.matching(OWN_FIELD)):
        return "a field of the project"
    own = code.module(Location(file=model.file, line=model.line, root=model.root))
    dates = [field.name for field in model.fields if field.kind in DATES]
    unseen = [
        name
        for name in dates
        if own is None or not re.search(rf"^\s+{name}\b[^=\n]*=", own.text, re.MULTILINE)
    ]
    return ", ".join(unseen)


def _is_read(model: ModelFacts, loop: Loop, case: Case) -> bool:
    """Whether rows of the model are asked for again and again, as in the loop itself."""
    scopes = {group.scope for group in loop.groups}
    return any(
        group.scope in scopes
        and group.statement.verb == "SELECT"
        and group.loops
        and model.table in tables(group.statement.sql)
        for group in case.recording.groups
    )
