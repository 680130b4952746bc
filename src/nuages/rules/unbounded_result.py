"""Queries that give as many rows as there are, where a request answers with them or holds them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence

from nuages.cases import Case
from nuages.grounds.admin_site import in_form
from nuages.grounds.asked import asked_only
from nuages.grounds.fetched import STREAMED, all_fetched, is_editable, place
from nuages.grounds.lists import bare_lists
from nuages.growth import TIMES, grown_rows
from nuages.lineage import LOOP
from nuages.model import Evidence, Finding, Fix, Load, QueryGroup, Remedy, RemedyKind
from nuages.origins import CACHED_TABLES, is_set_up, one_execution
from nuages.statements import is_batch, table

ID = "unbounded-result"

ROWS = {"request": 1_000, "command": 10_000, "task": 10_000}  # of one query, by kind of scope
PART = 0.5  # of that many: enough where they were seen to grow with the data
LESS_SURE = 0.1  # of so few
SHAPES = frozenset({"all", "filtered", "ordered", "values", "other", "raw"})
BOUND = re.compile(r"\bLIMIT\b|\bFETCH (?:FIRST|NEXT)\b|\bTOP\b|\bROWNUM\b", re.IGNORECASE)
AGGREGATE = re.compile(r"\bGROUP BY\b|^SELECT (?:COUNT|SUM|AVG|MIN|MAX)\(", re.IGNORECASE)
OF_VALUES = frozenset({"values", "raw"})  # of instances, a GROUP BY gives as many as there are
STREAMS = re.compile(r"\.a?iterator\(")

NO_FIX = "how many rows are wanted at a time, the code has to say"


def find(case: Case) -> Iterator[Finding]:
    """One finding per queryset; by the code alone, one for all lists that are not paginated."""
    streamed, asked = _of_loads(case)
    queries: dict[Hashable, list[QueryGroup]] = defaultdict(list)
    for group in case.recording.groups:
        if group.load in asked or not _is_unbounded(group, case):
            continue
        # A template, or a form, holds what it renders, however the rows come.
        is_rendered = group.trigger is not None and group.trigger.kind == "template"
        if is_rendered or not (group.load in streamed or _streams(group, case)):
            sql = group.statement.sql
            queries[group.created_at or group.location, table(sql)].append(group)
    for groups in queries.values():
        yield _finding(groups, case)
    if not case.is_recorded:
        yield from _of_code(case)


def _of_loads(case: Case) -> tuple[set[Load | None], set[Load | None]]:
    """Loads that are streamed, and those of which other rules say that no row is needed."""
    found = all_fetched(case.recording)
    streamed = {load for each in found if each.asked(STREAMED) for load in each.loads}
    return {*streamed}, {load for each in found if asked_only(each) for load in each.loads}


def _is_unbounded(group: QueryGroup, case: Case) -> bool:
    sql = group.statement.sql
    if group.statement.verb != "SELECT" or group.shape not in SHAPES:
        return False
    if group.scope.kind not in ROWS or not (_is_many(group) or _will_be_many(group, case)):
        return False
    if BOUND.search(sql) or is_batch(sql, group.rows_max):
        return False
    if group.shape in OF_VALUES and AGGREGATE.search(sql):
        return False
    if table(sql) in CACHED_TABLES or is_set_up(group.scope, group.location):
        return False
    # A loop is n-plus-one's; how many rows a prefetch brings depends on those it is for.
    is_loop = group.per_execution_max >= LOOP
    is_along = group.load is not None and group.load.how != "query"
    return not is_loop and not is_along and is_editable(group.location)


def _is_many(group: QueryGroup) -> bool:
    return _rows(group) >= ROWS[group.scope.kind]


def _will_be_many(group: QueryGroup, case: Case) -> bool:
    """Whether the rows grew with the data, and were not so few in the end.

    The choices of a form are often a short table for good, which only the fill made longer.
    """
    is_choice = case.is_admin(group.scope) or in_form(group.trigger)
    part = 1.0 if is_choice else PART
    return grown_rows(case.growth, group) >= ROWS[group.scope.kind] * part


def _rows(group: QueryGroup) -> int:
    """In one execution: a form with two lists of all users asks for them twice."""
    return max(group.rows_max, group.rows // max(group.executions, 1))


def _streams(group: QueryGroup, case: Case) -> bool:
    """Whether the code around says that the rows are gone through in chunks; without the code
    that is not known of rows that are no instances.
    """
    texts = [case.code.text_around(place) for place in (group.location, group.created_at)]
    return any(map(STREAMS.search, texts)) or (not any(texts) and group.shape == "values")


def _finding(groups: Sequence[QueryGroup], case: Case) -> Finding:
    worst = max(groups, key=_rows)
    kind, hint, confidence = _advice(worst, case)
    scopes = {group.scope for group in groups}
    return Finding(
        rule=ID,
        message=f"{_rows(worst):,} rows of {table(worst.statement.sql) or 'a query'} in "
        f"{one_execution(worst.scope)}, without a LIMIT{_grown(worst, case)}",
        hint=hint,
        location=worst.location,
        created_at=worst.created_at,
        trigger=worst.trigger,
        evidence=case.evidence(groups, 1.0, _figures(worst, case)),
        confidence=confidence if _is_many(worst) else round(confidence - LESS_SURE, 2),
        remedy=Remedy(kind=kind),
        routes=tuple(sorted(scope.name for scope in scopes)),
        tests=tuple(sorted({test for group in groups for test in group.tests})[:50]),
        fix=Fix(status="none", reason=NO_FIX),
    )


def _grown(worst: QueryGroup, case: Case) -> str:
    """For a message, where the rows by themselves would not be many."""
    rows = 0 if _is_many(worst) else grown_rows(case.growth, worst)
    return f": {rows:,} where there is {TIMES} times the data" if rows else ""


def _figures(worst: QueryGroup, case: Case) -> dict[str, float | str]:
    figures: dict[str, float | str] = {"rows_of_one_query": worst.rows_max}
    catalog = case.facts.catalogs.get(worst.statement.alias)
    found = catalog.tables.get(table(worst.statement.sql)) if catalog else None
    if found is not None and found.rows:
        figures["rows_of_the_table"] = found.rows
    if rows := grown_rows(case.growth, worst):
        figures[f"rows_at_{case.growth.rows}_rows"] = worst.rows_max
        figures[f"rows_at_{case.growth.grown_rows}_rows"] = rows
    counters = case.stats[worst.scope].counters if worst.scope in case.stats else {}
    measured = counters.get("memory_executions", 0)
    grown = counters.get("memory_grown_bytes", 0)
    if measured and grown > 0:
        figures["memory_left_bytes"] = round(grown / measured)
    return figures


def _advice(worst: QueryGroup, case: Case) -> tuple[RemedyKind, str, float]:
    assert worst.location is not None
    at = place(worst.created_at or worst.location)
    if worst.scope.kind != "request":
        return "iterator", f"go through the rows in chunks: .iterator(chunk_size=2000) at {at}", 0.6
    if in_form(worst.trigger):
        return "paginate", (
            "where these rows are the choices of a form field, name it in the ModelAdmin's "
            "autocomplete_fields or raw_id_fields, or give the field a widget that searches"
        ), 0.75  # fmt: skip
    if case.is_admin(worst.scope):
        return "paginate", (
            f"where a list_filter of {at} offers these rows, take it out, or write a filter that "
            "searches; else take a page of them"
        ), 0.7  # fmt: skip
    if worst.location.kind == "class":
        return "paginate", (
            f"paginate {at}: pagination_class in REST framework, paginate_by in a ListView"
        ), 0.8  # fmt: skip
    return "paginate", (
        f"answer with a page of them: slice or paginate the queryset at {at}; to send all, stream "
        "them with .iterator(chunk_size=2000)"
    ), 0.75  # fmt: skip


def _of_code(case: Case) -> Iterator[Finding]:
    """Lists of REST framework without pagination, as settings and classes say."""
    found = bare_lists(case.facts, case.code)
    if not found:
        return
    first = found[0]
    names = [each.name for each in found]
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    verb = "answers" if len(names) == 1 else "answer"
    yield Finding(
        rule=ID,
        message=f"{shown} {verb} with whole tables: REST framework paginates nothing here",
        hint='set REST_FRAMEWORK["DEFAULT_PAGINATION_CLASS"] and ["PAGE_SIZE"], or '
        f"pagination_class on {place(first.location)}",
        location=first.location,
        evidence=Evidence(figures={"lists": len(names)}),
        confidence=0.5,
        remedy=Remedy(kind="setting", path="REST_FRAMEWORK"),
        fix=Fix(status="none", reason="which lists may be long, nobody has measured"),
    )
