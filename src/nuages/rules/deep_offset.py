"""Pages by OFFSET, far into a table: all rows before the page are read and thrown away."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass

from nuages.cases import Case
from nuages.grounds.fetched import is_editable, place
from nuages.lineage import LOOP
from nuages.model import Finding, Fix, QueryGroup, Remedy, RemedyKind
from nuages.origins import is_set_up, one_execution
from nuages.statements import table

ID = "deep-offset"

DEEP = 10_000  # rows skipped, from which on it is worth a word
LONG = 100_000  # rows of a table whose last pages are deep, whoever asks for them
PAGE = 1_000  # rows of a page at most; what takes more goes through all

SKIPPED = re.compile(r"\bOFFSET (\d+)", re.IGNORECASE)
BOUNDS = re.compile(
    r"\b(?:LIMIT \d+|OFFSET \d+(?: ROWS)?|FETCH (?:FIRST|NEXT) \d+ ROWS ONLY)", re.I
)
LIMIT = re.compile(r"\b(?:LIMIT|FETCH (?:FIRST|NEXT)) (\d+)", re.IGNORECASE)
PAGINATES = re.compile(r"[Pp]aginat")
SLICES = re.compile(r"\[\s*(?:offset|skip|start)\s*:", re.IGNORECASE)
# Conditions under which a list is one of few rows: somebody's own, or what a search has found.
OF_A_PART = re.compile(r"\bWHERE\b.*?(?:_id\W|\bLIKE\b|\bIN \(|@@|MATCH|\bEXISTS\b)", re.I)

NO_FIX = "pages by key have other links, and an order that ends in a unique column"


@dataclass(frozen=True, kw_only=True)
class Pages:
    """The pages of one queryset that were asked for."""

    groups: tuple[QueryGroup, ...]  # the deepest first

    @property
    def deepest(self) -> QueryGroup:
        return self.groups[0]

    @property
    def skipped(self) -> int:
        return skipped(self.deepest)


def find(case: Case) -> Iterator[Finding]:
    """One finding per queryset that is paged by number."""
    by_place: dict[Hashable, list[QueryGroup]] = defaultdict(list)
    for group in case.recording.groups:
        if _is_page(group):
            key = group.created_at or group.location, BOUNDS.sub("", group.statement.sql)
            by_place[key].append(group)
    for groups in by_place.values():
        pages = Pages(groups=tuple(sorted(groups, key=skipped, reverse=True)))
        rows = _rows_to_page(pages, case)
        if pages.skipped >= DEEP:
            yield _deep(pages, case)
        elif rows >= LONG:
            yield _long(pages, rows, case)


def skipped(group: QueryGroup) -> int:
    """Rows before the page; Django writes the number into the statement."""
    found = SKIPPED.search(group.statement.sql)
    return int(found.group(1)) if found else 0


def _is_page(group: QueryGroup) -> bool:
    limit = LIMIT.search(group.statement.sql)
    if group.statement.verb != "SELECT" or limit is None or int(limit.group(1)) < LOOP:
        return False
    if int(limit.group(1)) > PAGE and not skipped(group):
        return False
    if skipped(group) and (not group.rows_max or group.shape == "count"):
        return False  # there is no such page: nobody will ask for it but a test or a crawler
    return is_editable(group.location) and not is_set_up(group.scope, group.location)


def _counts(pages: Pages, case: Case) -> list[QueryGroup]:
    """What asks in the same scopes how many rows there are to page through."""
    scopes = {group.scope for group in pages.groups}
    name = table(pages.deepest.statement.sql)
    return [
        group
        for group in case.recording.groups
        if group.scope in scopes and group.shape == "count" and table(group.statement.sql) == name
    ]


def _is_paged(pages: Pages, case: Case) -> bool:
    """Whether a further page was asked for, or can be: the latest five, and how many there are,
    are no pages; nor is a page that goes on from a key and counts nothing.
    """
    worst = pages.deepest
    texts = [case.code.text_around(place) for place in (worst.location, worst.created_at)]
    if pages.skipped or any(map(SLICES.search, texts)):
        return True
    is_list = worst.location is not None and worst.location.kind == "class"
    return (is_list or any(map(PAGINATES.search, texts))) and bool(_counts(pages, case))


def _rows_to_page(pages: Pages, case: Case) -> int:
    """Rows of the table, where a request pages through most of it by number; else 0."""
    worst = pages.deepest
    if worst.scope.kind != "request" or case.is_admin(worst.scope):
        return 0
    if OF_A_PART.search(worst.statement.sql) or not _is_paged(pages, case):
        return 0
    catalog = case.facts.catalogs.get(worst.statement.alias)
    found = catalog.tables.get(table(worst.statement.sql)) if catalog else None
    return found.rows if found is not None else 0


def _deep(pages: Pages, case: Case) -> Finding:
    message = f"OFFSET {pages.skipped:,} in {one_execution(pages.deepest.scope)}: so many rows of "
    message += f"{table(pages.deepest.statement.sql)} are read and thrown away"
    return _finding(pages, message, 0.85, case)


def _long(pages: Pages, rows: int, case: Case) -> Finding:
    name = table(pages.deepest.statement.sql)
    message = f"{pages.deepest.scope.name} pages by OFFSET through {name}, which has {rows:,} rows"
    message += ": its last page reads all before"
    return _finding(pages, message, 0.55, case)


def _finding(pages: Pages, message: str, confidence: float, case: Case) -> Finding:
    worst, counts = pages.deepest, _counts(pages, case)
    kind, hint = _advice(worst, counts, is_admin=case.is_admin(worst.scope))
    groups = [group for group in pages.groups if skipped(group) >= DEEP] or list(pages.groups)
    scopes = {group.scope for group in pages.groups}
    return Finding(
        rule=ID,
        message=message,
        hint=hint,
        location=worst.location,
        created_at=worst.created_at,
        trigger=worst.trigger,
        evidence=case.evidence(groups, 1.0, _figures(pages, counts)),
        confidence=confidence,
        remedy=Remedy(kind=kind),
        routes=tuple(sorted(scope.name for scope in scopes if scope.kind != "test")),
        tests=tuple(sorted({test for group in pages.groups for test in group.tests})[:50]),
        fix=Fix(status="none", reason=NO_FIX),
    )


def _figures(pages: Pages, counts: Sequence[QueryGroup]) -> dict[str, float | str]:
    figures: dict[str, float | str] = {"rows_skipped": pages.skipped}
    first = pages.groups[-1]
    if skipped(first) < pages.skipped:
        figures["deepest_page_ms"] = round(_mean_ms([pages.deepest]), 1)
        figures["first_page_ms"] = round(_mean_ms([first]), 1)
    if counts:
        figures["count_ms_a_page"] = round(_mean_ms(counts), 1)
    return figures


def _mean_ms(groups: Sequence[QueryGroup]) -> float:
    return sum(g.wall_ns for g in groups) / max(sum(g.calls for g in groups), 1) / 1e6


def _advice(
    worst: QueryGroup, counts: Sequence[QueryGroup], *, is_admin: bool
) -> tuple[RemedyKind, str]:
    assert worst.location is not None
    at = place(worst.created_at or worst.location)
    count = f", and without the COUNT(*) of {_mean_ms(counts):.1f} ms a page" if counts else ""
    if worst.scope.kind != "request":
        return "iterator", (
            f"go through the rows by .iterator(chunk_size=2000) at {at}, or from the last key on: "
            ".filter(pk__gt=last).order_by('pk')[:n]"
        )
    if is_admin:
        return "paginate", (
            f"give {at} a date_hierarchy or filters to reach old rows by, and "
            "show_full_result_count = False"
        )
    if worst.location.kind == "class":
        return "paginate", f"page by key on {at}: CursorPagination in REST framework{count}"
    return "paginate", (
        f"page by key at {at}: .filter(pk__lt=last_seen).order_by('-pk')[:n] with the last key of "
        f"the page before{count}"
    )
