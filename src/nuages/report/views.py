"""What the templates of the HTML report ask for: every page's values, each made once."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import get_args

from nuages import __version__
from nuages.model import (
    Finding,
    FixStatus,
    LedgerEntry,
    ResultReuse,
    RouteCoverage,
    RouteState,
    Statement,
    TimePart,
    TuneResult,
)
from nuages.report import changes, time_split, under_load
from nuages.report.attempts import grouped
from nuages.report.bars import Bar, stacked
from nuages.report.calls import CallTables, tables
from nuages.report.contents import Contents
from nuages.report.evidence import blocks
from nuages.report.excerpts import Excerpts
from nuages.report.links import finding_ids
from nuages.report.overview import Overview, overview
from nuages.report.queries import Queries, Reuse, reuse_of, statements
from nuages.report.routes import Route, routes, split_of_all
from nuages.report.rule_words import RuleWords, rule_words
from nuages.report.text_findings import SILENCERS
from nuages.report.verdicts import Verdict, verdicts

STATUS_WORDS: Mapping[FixStatus, str] = {
    "verified": "verified", "proposed": "proposed", "refused": "refused", "none": "no fix",
}  # fmt: skip
ROLES = {
    "location": "Where it arises",
    "trigger": "What triggers it",
    "created_at": "Where the queryset is made",
}
VERDICTS = ("denied", "contained", "allowed")


class Views:
    """The values of one report."""

    version = __version__
    status_words = STATUS_WORDS
    roles = ROLES
    silencers = SILENCERS
    meaning = changes.STATE_MEANING

    def __init__(self, contents: Contents) -> None:
        self.contents = contents
        self.findings: Sequence[Finding] = contents.findings
        self.recording = contents.recording
        self.excerpts = Excerpts(contents.sources)

    @property
    def run(self) -> TuneResult | None:
        """What was compared; None for a recording alone."""
        return self.contents.run

    @cached_property
    def overview(self) -> Overview:
        return overview(self.contents)

    @cached_property
    def finding_ids(self) -> list[str]:
        return finding_ids(self.findings)

    @cached_property
    def most_share(self) -> float:
        """Of the finding that costs most; others are drawn beside it."""
        return max((finding.evidence.share for finding in self.findings), default=0.0)

    @cached_property
    def first_with_diff(self) -> dict[str, int]:
        """For each diff the first finding that has it, as one edit may answer several."""
        first: dict[str, int] = {}
        for index, finding in enumerate(self.findings):
            first.setdefault(finding.fix.diff, index)
        return first

    @cached_property
    def statuses(self) -> dict[FixStatus, int]:
        """Fixes by how far they were shown to be right."""
        found = Counter(finding.fix.status for finding in self.findings)
        return {status: found[status] for status in get_args(FixStatus)}

    @property
    def has_fixes(self) -> bool:
        """Whether edits were looked for: a diagnosis alone has none, and says nothing of them."""
        return self.run is not None or any(f.fix.status != "none" for f in self.findings)

    @cached_property
    def rules(self) -> dict[str, RuleWords]:
        return rule_words(self.findings)

    @cached_property
    def routes(self) -> list[Route]:
        return routes(self.recording, [finding.routes for finding in self.findings])

    @cached_property
    def routes_title(self) -> str:
        """What the list of routes holds."""
        kinds = {route.stats.scope.kind for route in self.routes}
        names = {"request": "Routes", "task": "tasks", "command": "commands", "test": "tests"}
        words = [name for kind, name in names.items() if kind in kinds]
        title = " and ".join([", ".join(words[:-1]), words[-1]] if words[1:] else words)
        return f"{title[:1].upper()}{title[1:]}" or "Routes"

    @cached_property
    def route_ids(self) -> dict[str, str]:
        """Name → id of its page."""
        return {route.name: route.id for route in self.routes}

    @cached_property
    def statements(self) -> list[Queries]:
        """Of what the routes list: not what a suite does to set up its data."""
        shown = {route.stats.scope for route in self.routes}
        return statements(group for group in self.recording.groups if group.scope in shown)

    @property
    def most_statement_ms(self) -> float:
        return self.statements[0].wall_ms if self.statements else 0.0

    @cached_property
    def statement_ids(self) -> dict[str, str]:
        """SQL → id of its page."""
        return {one.statement.sql: one.id for one in reversed(self.statements)}

    @cached_property
    def findings_by_sql(self) -> dict[str, list[int]]:
        """SQL → numbers of the findings that it is evidence of, from 0."""
        found: dict[str, list[int]] = defaultdict(list)
        for index, finding in enumerate(self.findings):
            if finding.evidence.sql:
                found[finding.evidence.sql].append(index)
        return found

    def plans(self, queries: Queries) -> list[tuple[str, str]]:
        """What rules found out of how the database answers a statement: (name, text)."""
        numbers = self.findings_by_sql.get(queries.statement.sql, ())
        return [pair for n in numbers for pair in blocks(self.findings[n].evidence.figures)]

    def reuse(self, queries: Queries) -> Reuse | None:
        """What keeping its results would have saved."""
        return reuse_of(self._reuse.get(queries.statement, ()))

    @cached_property
    def _reuse(self) -> dict[Statement, list[ResultReuse]]:
        found: dict[Statement, list[ResultReuse]] = defaultdict(list)
        for one in self.recording.reuse:
            found[one.statement].append(one)
        return found

    @cached_property
    def calls(self) -> CallTables:
        shown = {route.stats.scope for route in self.routes}
        groups = [group for group in self.recording.calls if group.scope in shown]
        return tables(groups, by_place=False)

    @cached_property
    def verdicts(self) -> list[Verdict]:
        return verdicts(self.contents.budgets, self.routes, self.statements, self.calls.middleware)

    @cached_property
    def split(self) -> list[tuple[TimePart, str, float, float]]:
        return split_of_all(self.contents.time)

    @cached_property
    def load_lines(self) -> list[str]:
        """What the site holds under load, and what gives out first."""
        run = self.contents.run
        return list(under_load.lines(run.load)) if run is not None and run.load else []

    @cached_property
    def time_remarks(self) -> list[str]:
        return list(time_split.remarks(self.contents.time))

    @cached_property
    def states(self) -> dict[RouteState, int]:
        return changes.states(self.contents.coverage)

    @cached_property
    def state_bar(self) -> list[Bar]:
        total = sum(self.states.values())
        return stacked(((s.replace(" ", "-"), n) for s, n in self.states.items()), total)

    @property
    def judged(self) -> str:
        return changes.judged(self.contents.coverage)

    @property
    def unknown_rest(self) -> str:
        return changes.UNKNOWN_REST

    @cached_property
    def missed(self) -> list[RouteCoverage]:
        return changes.missed(self.contents.coverage)

    @cached_property
    def reached(self) -> list[RouteCoverage]:
        return [route for route in self.contents.coverage.routes if route.state == "reached"]

    @cached_property
    def route_changes(self) -> list[changes.RouteChange]:
        """Each route before and after; nothing where no fix was verified."""
        if self.run is None or not self.overview.verified:
            return []
        return changes.route_changes(self.run)

    @property
    def most_db_ms(self) -> float:
        sides = (s for change in self.route_changes for s in (change.before, change.after) if s)
        return max((side.db_ms for side in sides), default=0)

    @cached_property
    def ledger(self) -> list[LedgerEntry]:
        return sorted(grouped(self.run.ledger), key=_ledger_rank) if self.run else []


def _ledger_rank(entry: LedgerEntry) -> tuple[int, int, str, str]:
    return (VERDICTS.index(entry.verdict), -entry.count, entry.kind, entry.target)
