"""Findings on rows that are fetched for their number, or to know whether there are any."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from nuages.cases import Case
from nuages.grounds.fetched import (
    COUNTED,
    ENOUGH,
    ITERATED,
    REACHED,
    SAVED,
    STREAMED,
    TESTED,
    Fetched,
    all_fetched,
    place,
)
from nuages.grounds.questions import Kind, Question, questions
from nuages.lineage import LOOP
from nuages.model import Evidence, Finding, Fix, Location, QueryGroup, Recording, Remedy
from nuages.origins import is_set_up, one_execution

BY_CODE = 0.7  # the code tells that it is slower, and not that it matters
BY_RECORDING = 0.8
BY_BOTH = 0.9
OTHERS = frozenset({"class", "with", "iterate", "await"})  # kinds of places that ask otherwise

File = tuple[str, str]  # a root's label, and a file below

ASKS = {"count": re.compile(r"\blen\("), "exists": re.compile(r"\b(?:bool|any)\(")}

NO_FIX = "what asks is a template, or looks for one row among them"


def of_kind(rule: str, kind: Kind, case: Case) -> Iterator[Finding]:
    """One finding per place: what the code asks, then what only a recording shows."""
    written: dict[File, list[Location]] = defaultdict(list)
    queries = _by_file(case.recording)
    for question in questions(case.code):
        location = question.location
        groups = [g for g in queries.get(_file(location), ()) if _is_within(g.location, location)]
        written[_file(location)].append(location)
        # A loop is n-plus-one's: there the rows of all should be counted together.
        if question.kind == kind and not any(g.per_execution_max >= LOOP for g in groups):
            yield _of_question(rule, question, groups, case)
    for fetched in all_fetched(case.recording):
        place_ = fetched.worst.location
        if place_ is None or any(_is_within(place_, line) for line in written[_file(place_)]):
            continue
        if asked_only(fetched) == kind and _tells(fetched) and _is_written(kind, fetched, case):
            yield _of_recording(rule, kind, fetched, case)


def asked_only(fetched: Fetched) -> Kind | None:
    """What was asked of the rows of a queryset, where nobody looked at one of them."""
    use, asked = fetched.use, fetched.asked
    if use.instances < ENOUGH or fetched.load.how != "query":
        return None
    if _is_searched(fetched):
        return "exists"
    if use.used or any(map(asked, (SAVED, REACHED, ITERATED, STREAMED))):
        return None
    return "count" if asked(COUNTED) else "exists" if asked(TESTED) else None


def _is_searched(fetched: Fetched) -> bool:
    """Whether rows were fetched to find one among them: `x in rows` reads their keys only."""
    use, location = fetched.use, fetched.worst.location
    if location is None or location.kind != "comparison" or fetched.asked(COUNTED):
        return False
    read = [count for name, count in use.fields.items() if count and not name.startswith("(")]
    return len(read) == 1 and 0 < fetched.asked(ITERATED) <= use.fetches


def _tells(fetched: Fetched) -> bool:
    worst = fetched.worst
    if fetched.is_repeated or fetched.instances < ENOUGH or worst.shape in ("get", "raw"):
        return False
    return worst.location is not None and worst.location.kind not in OTHERS


def _is_written(kind: Kind, fetched: Fetched, case: Case) -> bool:
    """Whether the place itself asks so, and not a library that was given the queryset there."""
    location, trigger = fetched.worst.location, fetched.worst.trigger
    if trigger is not None and trigger.kind == "template":
        return bool(trigger.root)
    if location is None or location.kind in ("truth", "comparison"):
        return location is not None and kind == "exists"
    text = case.code.text_of(location)
    return ASKS[kind].search(text) is not None if text else kind == "count"


def _by_file(recording: Recording) -> dict[File, list[QueryGroup]]:
    """What the project's own lines have asked, set-up left out."""
    found: dict[File, list[QueryGroup]] = defaultdict(list)
    for group in recording.groups:
        location = group.location
        if location is None or group.statement.verb != "SELECT":
            continue
        if not is_set_up(group.scope, location):
            found[_file(location)].append(group)
    return found


def _file(location: Location) -> File:
    return location.root, location.file


def _is_within(location: Location | None, whole: Location) -> bool:
    """In one file. Of columns nothing is asked: where truth is tested they differ by version."""
    if location is None:
        return False
    return whole.line <= location.line <= (whole.end_line or whole.line)


def _of_question(rule: str, question: Question, groups: list[QueryGroup], case: Case) -> Finding:
    location = question.location
    what = "fetches all its rows" if question.fetches else "counts all its rows"
    why = "for their number" if question.kind == "count" else "to know whether there are any"
    worst = max(groups, key=lambda group: group.wall_ns) if groups else None
    seen = ""
    if worst is not None and worst.rows_max >= ENOUGH:  # a COUNT gives one
        seen = f": {worst.rows_max:,} in {one_execution(worst.scope)}"
    return Finding(
        rule=rule,
        message=f"{question.asked} of a queryset of {question.model} {what} {why}{seen}",
        hint=f"write {' '.join(question.answer.split())} at {place(location)}",
        location=location,
        created_at=location,
        trigger=worst.trigger if worst else None,
        evidence=case.evidence(groups) if groups else Evidence(),
        confidence=BY_BOTH if seen else BY_CODE,
        remedy=Remedy(kind=question.kind, replaces=question.text, code=question.answer),
        routes=tuple(sorted({g.scope.name for g in groups if g.scope.kind != "test"})),
        tests=tuple(sorted({test for group in groups for test in group.tests})[:50]),
    )


def _of_recording(rule: str, kind: Kind, fetched: Fetched, case: Case) -> Finding:
    worst = fetched.worst
    why = "only to be counted" if kind == "count" else "only to know whether there are any"
    if _is_searched(fetched):
        why = "only to look for one among them"
    is_template = worst.trigger is not None and worst.trigger.kind == "template"
    is_elsewhere = is_template or _is_searched(fetched)
    return Finding(
        rule=rule,
        message=f"Rows of {fetched.model} are fetched {why}: {round(fetched.instances):,} in "
        f"{one_execution(worst.scope)}",
        hint=_hint(kind, fetched),
        location=worst.location,
        created_at=fetched.site.created_at,
        trigger=worst.trigger,
        evidence=case.evidence(fetched.groups),
        confidence=BY_RECORDING,
        remedy=Remedy(kind=kind),
        routes=fetched.routes,
        tests=fetched.tests,
        fix=Fix(status="none", reason=NO_FIX if is_elsewhere else ""),
    )


def _hint(kind: Kind, fetched: Fetched) -> str:
    worst = fetched.worst
    if worst.trigger is not None and worst.trigger.kind == "template":
        filter_ = "|length" if kind == "count" else "the queryset itself"
        return f"write .{kind} of the queryset in place of {filter_} at {place(worst.trigger)}"
    assert worst.location is not None
    if _is_searched(fetched):
        return f"ask the queryset with .contains(…) in place of `in` at {place(worst.location)}"
    asked = "len()" if kind == "count" else "its truth"
    return f"ask the queryset with .{kind}() in place of {asked} at {place(worst.location)}"
