"""The driven site: scratch data, then every route that can be reached, as each actor."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from statistics import fmean, median, quantiles

from nuages import store
from nuages.answers import Answer, Request
from nuages.catalogs import catalogs_from
from nuages.doors import Seen, Version, version
from nuages.errors import NuagesError
from nuages.fix import ALL, RunOutcome
from nuages.lab import GROWN, Lab
from nuages.model import Recording, RouteFigures, Summary
from nuages.session import AgentSession
from nuages.traffic.crawl import crawl, replay

ADMIN = "django.contrib.admin."  # what its views' dotted paths begin with
GROWN_SECONDS = 15.0  # of requests on more data; one of them takes a third of that at most


class DrivenDoor:
    """Crawls once, then replays the very same requests against every version."""

    def __init__(self, lab: Lab, notes: tuple[str, ...]) -> None:
        self._lab = lab
        self._notes = notes  # of the data
        self._answers: tuple[Answer, ...] = ()
        self._admin: frozenset[str] = frozenset()  # routes
        self._summaries: dict[Version, Summary] = {}
        self._crawled = Summary()

    def record(self) -> Seen:
        """Crawl the site as it stands, on fresh scratch data; remember what was asked."""
        with self._lab.session(mode="deep") as session:
            config = self._lab.project.config
            actors = session.call("actors", functions=dict(config.actors))
            traffic = crawl(session, actors=actors, exclude=config.exclude)
            recording = _with_catalogs(_of_site(session), session)
        answers = tuple(traffic.answers)
        self._answers = answers
        self._admin = frozenset(
            stats.scope.name for stats in recording.scopes if stats.view.startswith(ADMIN)
        )
        self._crawled = summarise(answers)
        notes = (*self._notes, *traffic.coverage.notes)
        return Seen(
            outcome=RunOutcome(answers=answers, recording=recording),
            coverage=replace(traffic.coverage, notes=notes),
        )

    def run(self, edits: Mapping[str, str], tests: frozenset[str] = ALL) -> RunOutcome:
        """Replay the requests on fresh scratch data with edits; there are no tests to select."""
        with self._lab.session(mode="deep", edits=edits) as session:
            self._log_in(session)
            requests = tuple(answer.request for answer in self._answers)
            answers = tuple(replay(session, requests))
            recording = _of_site(session)
        self._summaries[version(edits)] = summarise(answers)
        return RunOutcome(answers=answers, recording=recording)

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

    def summaries(self, edits: Mapping[str, str]) -> tuple[Summary, Summary]:
        """Figures of the last replay without and with these edits, recorded alike.

        Without edits there is nothing to compare: the crawl's own figures stand.
        """
        if not edits:
            return self._crawled, self._crawled
        return self._summary({}), self._summary(edits)

    def _log_in(self, session: AgentSession) -> None:
        session.call("actors", functions=dict(self._lab.project.config.actors))

    def _summary(self, edits: Mapping[str, str]) -> Summary:
        if version(edits) not in self._summaries:
            self.run(edits)
        return self._summaries[version(edits)]


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


def summarise(answers: Iterable[Answer]) -> Summary:
    """Figures per route: queries are means, times medians of all answers but the first."""
    by_route: dict[str, list[Answer]] = defaultdict(list)
    for answer in answers:
        by_route[answer.route].append(answer)
    return Summary(
        routes={route: _figures(group) for route, group in sorted(by_route.items())},
        queries_per_request=_mean_queries(by_route.values()),
    )


def _mean_queries(groups: Iterable[list[Answer]]) -> float:
    everything = [answer.queries for group in groups for answer in group]
    return fmean(everything) if everything else 0.0


def _figures(answers: list[Answer]) -> RouteFigures:
    warm = answers[1:] or answers  # the first paid for imports and templates
    walls = [answer.wall_ns / 1e6 for answer in warm]
    return RouteFigures(
        requests=len(answers),
        queries=fmean(answer.queries for answer in answers),
        db_ms=median(answer.db_ns for answer in warm) / 1e6,
        cpu_ms=median(answer.cpu_ns for answer in warm) / 1e6,
        p50_ms=median(walls),
        p95_ms=quantiles(walls, n=20, method="inclusive")[-1] if len(walls) > 1 else walls[0],
    )
