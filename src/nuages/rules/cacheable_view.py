"""Pages that say the same to everybody, made anew for each who asks."""

from __future__ import annotations

from collections.abc import Iterator

from nuages.cases import Case
from nuages.grounds.keeping import duration, writes_to
from nuages.grounds.pages import Page, pages, view_place
from nuages.model import Evidence, Finding, Fix, Remedy
from nuages.statements import tables
from nuages.wording import percent, several

ID = "cacheable-view"


def find(case: Case) -> Iterator[Finding]:
    """One finding per route."""
    for page in pages(case):
        yield _finding(page, case)


def _finding(page: Page, case: Case) -> Finding:
    stats, kept = page.stats, page.kept
    read = frozenset().union(*(tables(group.statement.sql) for group in page.groups))
    writes = writes_to(case.recording, read)
    return Finding(
        rule=ID,
        message=f"{stats.scope.name} gave the same to everybody: kept for "
        f"{duration(kept.seconds)}, {percent(page.hit_rate)} of its "
        f"{stats.executions:,} answers of {page.view_ns / 1e6:,.1f} ms would have been there "
        "already",
        hint=_hint(page, writes),
        location=view_place(page, case),
        evidence=Evidence(
            requests=stats.executions,
            calls=stats.executions,
            per_request_max=1,
            wall_ms=page.saved_ns / 1e6,
            share=case.share(page.saved_ns),
            route_share=page.hit_rate,
            figures={
                "seconds": kept.seconds,
                "hit_rate": round(page.hit_rate, 3),
                "stale": kept.stale,
                "writes": writes,
                "queries": round(stats.queries / stats.executions, 1),
            },
        ),
        confidence=0.6 if writes else 0.5,
        remedy=Remedy(kind="cache", path=str(kept.seconds)),
        routes=(stats.scope.name,),
        fix=Fix(status="none", reason="how old an answer may be is for its readers to say"),
    )


def _hint(page: Page, writes: int) -> str:
    stale = f"{page.kept.stale:,} of them outdated" if page.kept.stale else "none of them outdated"
    wrote = f"with {several(writes, 'write')}" if writes else "without a write"
    seen = f"{wrote} to its tables"
    varies = (
        "; it varies by cookie, so only visitors without a session share it: see whether the view "
        "has to ask who it is"
        if page.varies
        else ""
    )
    view = page.stats.view.rpartition(".")[2] or "the view"
    return f"put cache_page({page.kept.seconds}) around {view} ({stale}, {seen}){varies}"
