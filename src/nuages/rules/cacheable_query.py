"""Queries that give the same again and again, request after request."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from nuages.cases import Case
from nuages.grounds.keeping import (
    LOOKUP_MS,
    Kept,
    best_time,
    duration,
    is_personal,
    is_tests,
    writes_to,
)
from nuages.grounds.pages import pages
from nuages.lineage import LOOP
from nuages.model import (
    Evidence,
    Finding,
    Fix,
    Location,
    QueryGroup,
    Remedy,
    ResultReuse,
    Statement,
)
from nuages.origins import in_migrations, in_tests
from nuages.statements import is_lookup_by_key, table, tables
from nuages.wording import percent, several

ID = "cacheable-query"

ENOUGH_CALLS = 20
MOST_KEYS = 20  # more parameters than that are a matter of the traffic, which a lab does not have
CALLS_A_KEY = 8
SAME = 0.95  # of the lookups, with the result as it was the last time
WRITTEN = 0.05  # writes to its tables a read, from which on nothing stays as it is
UNTOLD = "how old a result may be is for its readers to say: --cache-seconds"
WORTH_SHARE = 0.05  # of all time, that would be saved
SITE_WIDE = 3  # routes, from which on it is worth less:
SITE_WIDE_SHARE = 0.01


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """What one line asks again and again."""

    reuse: ResultReuse
    groups: tuple[QueryGroup, ...]  # in requests, outside of loops and of pages to be kept whole
    kept: Kept

    @property
    def calls(self) -> int:
        return sum(group.calls for group in self.groups)

    @property
    def hit_rate(self) -> float:
        return self.kept.hits / self.reuse.calls

    @property
    def wall_ns(self) -> int:
        return sum(group.wall_ns for group in self.groups)

    @property
    def saved_ns(self) -> int:
        """Less what the lookups in a cache would cost."""
        return int(self.wall_ns * self.hit_rate - self.calls * LOOKUP_MS * 1e6)

    @property
    def routes(self) -> tuple[str, ...]:
        return tuple(sorted({group.scope.name for group in self.groups}))


def find(case: Case) -> Iterator[Finding]:
    """One finding per line, with all that it asks; deep recordings only."""
    by_line: dict[Location, list[Candidate]] = defaultdict(list)
    for candidate in _candidates(case):
        assert candidate.reuse.location is not None
        by_line[candidate.reuse.location].append(candidate)
    for location, candidates in by_line.items():
        saved_ns = sum(candidate.saved_ns for candidate in candidates)
        is_wide = len({route for c in candidates for route in c.routes}) >= SITE_WIDE
        if case.share(saved_ns) >= (SITE_WIDE_SHARE if is_wide else WORTH_SHARE):
            yield _finding(location, candidates, case)


def _candidates(case: Case) -> Iterator[Candidate]:
    whole = {page.stats.scope for page in pages(case)} if case.recording.reuse else set()
    for reuse, asked in _asked(case):
        if not _is_steady(reuse) or is_personal(reuse.statement.sql, case.facts):
            continue
        own = tuple(g for g in asked if _is_own(g) and g.scope not in whole)
        kept = best_time(reuse.hits, reuse.stale)
        if not own or kept is None or is_tests(asked):
            continue
        candidate = Candidate(reuse=reuse, groups=own, kept=kept)
        writes = writes_to(case.recording, tables(reuse.statement.sql))
        is_enough = candidate.calls >= ENOUGH_CALLS and candidate.saved_ns > 0
        if is_enough and writes <= WRITTEN * reuse.calls:
            yield candidate


def _asked(case: Case) -> Iterator[tuple[ResultReuse, list[QueryGroup]]]:
    """By line; what templates go through, by the line that makes it for all of their pages."""
    groups: dict[tuple[Statement, Location | None], list[QueryGroup]] = defaultdict(list)
    for group in case.recording.groups:
        groups[group.statement, group.location].append(group)
    found: dict[tuple[Statement, Location | None], list[ResultReuse]] = defaultdict(list)
    asked: dict[tuple[Statement, Location | None], list[QueryGroup]] = defaultdict(list)
    for reuse in case.recording.reuse:
        own = groups[reuse.statement, reuse.location]
        place = reuse.statement, _made(own) or reuse.location
        found[place].append(reuse)
        asked[place] += own
    for (_, location), same in found.items():
        yield _together(same, location), asked[same[0].statement, location]


def _made(groups: Iterable[QueryGroup]) -> Location | None:
    """Where all of a template's querysets are made; None where they are used by code."""
    created = {
        group.created_at if group.trigger and group.trigger.kind == "template" else None
        for group in groups
    }
    return created.pop() if len(created) == 1 else None


def _together(same: list[ResultReuse], location: Location | None) -> ResultReuse:
    """Of several lines, at least: what one of them asked was there for the others, too."""
    if len(same) == 1:
        return replace(same[0], location=location)
    return ResultReuse(
        statement=same[0].statement,
        location=location,
        keys=max(each.keys for each in same),
        lookups=sum(each.lookups for each in same),
        same=sum(each.same for each in same),
        hits=_sums(each.hits for each in same),
        stale=_sums(each.stale for each in same),
        wall_ns=sum(each.wall_ns for each in same),
        calls=sum(each.calls for each in same),
    )


def _sums(counts: Iterable[Mapping[str, int]]) -> Mapping[str, int]:
    total: Counter[str] = Counter()
    for each in counts:
        total.update(each)
    return total


def _is_steady(reuse: ResultReuse) -> bool:
    """Whether a line of the product asks few questions, and mostly gets the same answers."""
    place = reuse.location
    if place is None or not place.root or in_tests(place) or in_migrations(place):
        return False
    sql = reuse.statement.sql
    if reuse.statement.verb != "SELECT" or not tables(sql):
        return False
    if is_lookup_by_key(sql) and reuse.keys > 1:  # one page after the other
        return False
    return (
        0 < reuse.keys <= MOST_KEYS
        and reuse.calls >= CALLS_A_KEY * reuse.keys
        and reuse.same >= SAME * reuse.lookups > 0
    )


def _is_own(group: QueryGroup) -> bool:
    """Whether it is asked once or twice in a request: what is asked more often is another fault."""
    return (
        group.scope.kind == "request"
        and group.per_execution_max < LOOP
        and "/admin/" not in group.scope.name
    )


def _finding(location: Location, candidates: list[Candidate], case: Case) -> Finding:
    worst = max(candidates, key=lambda candidate: candidate.saved_ns)
    groups = [group for candidate in candidates for group in candidate.groups]
    saved_ns = sum(candidate.saved_ns for candidate in candidates)
    kept, calls = worst.kept, sum(candidate.calls for candidate in candidates)
    writes = writes_to(case.recording, tables(worst.reuse.statement.sql))
    return Finding(
        rule=ID,
        message=f"The same SELECT on {_table(worst)} was asked {calls:,} times: kept for "
        f"{duration(kept.seconds)}, {percent(worst.hit_rate)} would have been there already",
        hint=_hint(worst, location, writes),
        location=location,
        created_at=next((group.created_at for group in groups if group.created_at), None),
        trigger=next((group.trigger for group in groups if group.trigger), None),
        evidence=Evidence(
            requests=sum(group.executions for group in worst.groups),
            calls=calls,
            per_request_max=max(group.per_execution_max for group in groups),
            wall_ms=saved_ns / 1e6,
            share=case.share(saved_ns),
            route_share=case.route_share((group.scope, group.wall_ns) for group in groups),
            rows=sum(group.rows for group in groups),
            sql=worst.reuse.statement.sql,
            max_ms=max(group.max_ns for group in groups) / 1e6,
            figures={
                "seconds": kept.seconds,
                "hit_rate": round(worst.hit_rate, 3),
                "stale": kept.stale,
                "keys": worst.reuse.keys,
                "writes": writes,
            },
        ),
        confidence=0.6 if writes else 0.5,
        remedy=Remedy(kind="cache", path=str(kept.seconds)),
        routes=tuple(sorted({group.scope.name for group in groups})),
        fix=Fix(status="none", reason=UNTOLD),
    )


def _table(candidate: Candidate) -> str:
    return table(candidate.reuse.statement.sql)


def _hint(candidate: Candidate, location: Location, writes: int) -> str:
    kept = candidate.kept
    outdated = f"{kept.stale:,} of {kept.hits:,} hits" if kept.stale else "no hit"
    seen = several(writes, "write") if writes else "no write"
    read = ", ".join(sorted(tables(candidate.reuse.statement.sql)))
    return (
        f"wrap the query at {location.file}:{location.line} in cache.get_or_set(key, lambda: "
        f"list(…), {kept.seconds}): {outdated} would have been outdated, with {seen} to "
        f"{read}; delete the key where it is written"
    )
