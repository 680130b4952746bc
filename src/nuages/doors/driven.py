"""The driven site: scratch data, then every route that can be reached, as each actor."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from statistics import fmean, median, quantiles

from nuages import store
from nuages.answers import Answer, Request
from nuages.catalogs import catalogs_from
from nuages.doors import Measured, Seen, Version, version
from nuages.errors import NuagesError
from nuages.fix import ALL, RunOutcome
from nuages.lab import BASE, GROWN, VARIED, Lab, vary_databases
from nuages.model import Coverage, Recording, RouteFigures, Summary
from nuages.session import AgentSession
from nuages.traffic.crawl import Limits, Traffic, crawl, replay
from nuages.traffic.mix import Mix
from nuages.traffic.site import mix_of_crawl

ADMIN = "django.contrib.admin."  # what its views' dotted paths begin with
TIMES = ("db_ms", "cpu_ms")
TURNS = 2  # of both versions, the later one again after the earlier one
GROWN_SECONDS = 15.0  # of requests on more data; one of them takes a third of that at most


class DrivenDoor:
    """Crawls once, then replays the very same requests against every version."""

    def __init__(self, lab: Lab, notes: tuple[str, ...]) -> None:
        self._lab = lab
        self._notes = notes  # of the data
        self._actors: Sequence[str] = ()
        self._traffic = Traffic(answers=(), coverage=Coverage())
        self._answers: tuple[Answer, ...] = ()
        self._admin: frozenset[str] = frozenset()  # routes
        self._replayed: dict[Version, list[tuple[Answer, ...]]] = defaultdict(list)
        self._crawled = Summary()

    def record(self) -> Seen:
        """Crawl the site as it stands, on fresh scratch data; remember what was asked."""
        with self._lab.session(mode="deep") as session:
            config = self._lab.project.config
            actors = session.call("actors", functions=dict(config.actors))
            limits = Limits(seconds=config.crawl_seconds)
            traffic = crawl(session, actors=actors, limits=limits, exclude=config.exclude)
            recording = _with_catalogs(_of_site(session), session)
        answers = tuple(traffic.answers)
        self._actors, self._traffic, self._answers = actors, traffic, answers
        self._admin = frozenset(
            stats.scope.name for stats in recording.scopes if stats.view.startswith(ADMIN)
        )
        self._crawled = summarise([answers])
        notes = (*self._notes, *traffic.coverage.notes)
        return Seen(
            outcome=RunOutcome(answers=answers, recording=recording),
            coverage=replace(traffic.coverage, notes=notes),
        )

    def run(self, edits: Mapping[str, str], tests: frozenset[str] = ALL) -> RunOutcome:
        """Replay the requests on fresh scratch data with edits; there are no tests to select."""
        outcome = self._replay(edits, BASE)
        self._replayed[version(edits)].append(outcome.answers)
        return outcome

    def run_varied(self, edits: Mapping[str, str]) -> RunOutcome | None:
        """The same on a copy of the data with values that they lack."""
        vary_databases(self._lab)
        return self._replay(edits, VARIED)

    def _replay(self, edits: Mapping[str, str], template: str) -> RunOutcome:
        with self._lab.session(mode="deep", edits=edits, template=template) as session:
            self._log_in(session)
            requests = tuple(answer.request for answer in self._answers)
            answers = tuple(replay(session, requests))
            return RunOutcome(answers=answers, recording=_of_site(session))

    def mix(self) -> Mix:
        """What visitors would ask for, by what the crawl reached: to put load on the site."""
        with self._lab.session(mode=None) as session:
            self._log_in(session)
            return mix_of_crawl(session, self._traffic, actors=self._actors)

    def record_grown(self) -> Recording:
        """One request of each route again, on the databases that were filled further."""
        with self._lab.session(mode="deep", template=GROWN) as session:
            self._log_in(session)
            replay(
                session,
                costliest_of_each_route(self._answers, last=self._admin),
                timeout=GROWN_SECONDS / 3,
                seconds=GROWN_SECONDS,
                progress=self._lab.progress.detail,
            )
            return _with_catalogs(_of_site(session), session)

    def summaries(self, edits: Mapping[str, str]) -> Measured:
        """Figures of replays without and with these edits in turn, each of them recorded alike.

        What was run first found everything cold: only the last ones count. Without edits there is
        nothing to compare: the crawl's own figures stand.
        """
        if not edits:
            return Measured(before=self._crawled, after=self._crawled)
        for _ in range(TURNS):
            self.run({})
            self.run(edits)
        before, after = self._last({}), self._last(edits)
        return Measured(
            before=summarise(before), after=summarise(after), told_apart=told_apart(before, after)
        )

    def _last(self, edits: Mapping[str, str]) -> list[tuple[Answer, ...]]:
        return self._replayed[version(edits)][-TURNS:]

    def _log_in(self, session: AgentSession) -> None:
        session.call("actors", functions=dict(self._lab.project.config.actors))


def costliest_of_each_route(
    answers: Iterable[Answer], *, last: frozenset[str] = frozenset()
) -> tuple[Request, ...]:
    """The good answer with the most queries of each route; the most work comes first.

    Only then come the routes that should be last, however much they are.
    """
    best: dict[str, Answer] = {}
    for answer in answers:
        if 200 <= answer.status < 300 and answer.queries:
            kept = best.setdefault(answer.route, answer)
            if _work(answer) > _work(kept):
                best[answer.route] = answer
    ordered = sorted(
        best.values(), key=lambda each: (each.route in last, -each.queries - each.rows)
    )
    return tuple(answer.request for answer in ordered)


def _work(answer: Answer) -> tuple[int, int]:
    return answer.queries, answer.rows


def _with_catalogs(recording: Recording, session: AgentSession) -> Recording:
    """With what the databases say of themselves after all these requests."""
    with suppress(NuagesError):  # a broken connection is no reason to lose the recording
        catalogs = catalogs_from(session.call("catalog"))
        return replace(recording, facts=replace(recording.facts, catalogs=catalogs))
    return recording


def _of_site(session: AgentSession) -> Recording:
    """What was recorded, without what the agent itself asks between requests."""
    recording = store.recording_from([session.call("snapshot")])
    return replace(
        recording,
        scopes=tuple(stats for stats in recording.scopes if stats.scope.kind != "process"),
        groups=tuple(group for group in recording.groups if group.scope.kind != "process"),
    )


Answers = Sequence[Answer]


def summarise(runs: Sequence[Answers]) -> Summary:
    """Figures per route over runs of one version: queries are means, times medians.

    Of each run's answers on a route the first counts for no time: it paid for imports.
    """
    by_route: dict[str, list[list[Answer]]] = defaultdict(list)
    for run in runs:
        for route, answers in _by_route(run).items():
            by_route[route].append(answers)
    everything = [answer.queries for group in by_route.values() for run in group for answer in run]
    return Summary(
        routes={route: _figures(group) for route, group in sorted(by_route.items())},
        queries_per_request=fmean(everything) if everything else 0.0,
    )


def told_apart(before: Sequence[Answers], after: Sequence[Answers]) -> frozenset[str]:
    """The times of a request that were longer in every run of one version than of the other."""
    found = set()
    for name in TIMES:
        first = [_mean(summarise([run]), name) for run in before]
        second = [_mean(summarise([run]), name) for run in after]
        if max(second) < min(first) or max(first) < min(second):
            found.add(name)
    return frozenset(found)


def _mean(summary: Summary, name: str) -> float:
    """Of the routes' medians, by their requests."""
    routes = summary.routes.values()
    requests = sum(figures.requests for figures in routes)
    total = sum(getattr(each, name) * each.requests for each in routes)
    return float(total / requests) if requests else 0.0


def _by_route(answers: Answers) -> dict[str, list[Answer]]:
    found: dict[str, list[Answer]] = defaultdict(list)
    for answer in answers:
        found[answer.route].append(answer)
    return found


def _figures(runs: Sequence[list[Answer]]) -> RouteFigures:
    answers = [answer for run in runs for answer in run]
    warm = [answer for run in runs for answer in run[1:] or run]
    walls = [answer.wall_ns / 1e6 for answer in warm]
    return RouteFigures(
        requests=len(runs[-1]),
        queries=fmean(answer.queries for answer in answers),
        db_ms=median(answer.db_ns for answer in warm) / 1e6,
        cpu_ms=median(answer.cpu_ns for answer in warm) / 1e6,
        p50_ms=median(walls),
        p95_ms=quantiles(walls, n=20, method="inclusive")[-1] if len(walls) > 1 else walls[0],
    )
