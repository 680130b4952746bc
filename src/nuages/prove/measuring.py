"""What the requests of a mix cost each version: exact counts once, CPU again and again in turns."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from nuages import store
from nuages.answers import Answer, Request, unordered_routes
from nuages.errors import NuagesError
from nuages.lab import BASE, VARIED, Lab, vary_databases
from nuages.prove.statistics import Array, Figures
from nuages.prove.versions import Version
from nuages.session import AgentSession
from nuages.traffic.crawl import send
from nuages.traffic.mix import Mix, Template

MOST_REQUESTS = 400  # different ones; a mix has the tail of a whole site
ROWS = 3  # of arguments of one template
REQUEST_SECONDS = 20.0
PASS_SECONDS = 3.0  # of what CPU is measured of, once: it is sent some seventy times
ANSWER_SECONDS = 8.0  # of the whole plan, once: it is sent some twelve times
LEAST_ROUNDS, MOST_ROUNDS = 8, 150  # of each pair of processes
CHUNK_NS = 60_000_000  # of one version's requests, before the other has its turn
SECOND = "nuages_second"  # prefix of B's databases: A's, with B's migrations
SECOND_VARIED = "nuages_secondvaried"


@dataclass(frozen=True, kw_only=True, eq=False)
class Planned:
    """A request that both versions get."""

    request: Request
    template: Template
    weight: float  # of the traffic; all together 1
    turn: int = 0  # among the requests of its template, the most frequent first
    is_timed: bool = True  # whether its CPU is measured; its answers and queries always are

    @property
    def route(self) -> str:
        return self.template.route


def plan(mix: Mix, known: Sequence[str]) -> tuple[Planned, ...]:
    """Requests of a mix for the actors that there are, reads before writes.

    Each template's most frequent comes before the second of any: a route that is asked for with
    many arguments is not rarer for it.
    """
    entries = sorted(_requests(mix, frozenset(known)), key=_by_turns)
    if not entries:
        raise NuagesError("the traffic has no request to compare", slug="traffic")
    return _ordered(entries[:MOST_REQUESTS])


def _by_turns(planned: Planned) -> tuple[int, float]:
    return planned.turn, -planned.template.weight


def _ordered(chosen: Sequence[Planned]) -> tuple[Planned, ...]:
    """Reads first; what was not chosen of a template, the rest of it stands for."""
    parts: dict[int, float] = defaultdict(float)
    for each in chosen:
        parts[id(each.template)] += each.weight
    weighted = [
        replace(each, weight=each.template.weight * each.weight / (parts[id(each.template)] or 1.0))
        for each in chosen
    ]
    total = sum(each.weight for each in weighted) or 1.0
    weighted.sort(key=lambda each: (each.template.writes, -each.weight))
    return tuple(replace(each, weight=each.weight / total) for each in weighted)


def _requests(mix: Mix, known: frozenset[str]) -> Iterator[Planned]:
    whole = sum(template.weight for template in mix.templates) or 1.0
    for template in mix.templates:
        actors = [mix.actor(name) for name in template.actors if name in known]
        shares = sum(actor.share for actor in actors) or 1.0
        rows = template.arguments[:ROWS] or ({},)
        popularity = (template.shares() or [1.0])[: len(rows)]
        found = [
            (actor.share / shares * popularity[number] / sum(popularity), actor.name, number)
            for actor in actors
            for number in range(len(rows))
        ]
        for turn, (share, actor, number) in enumerate(sorted(found, key=lambda each: -each[0])):
            sent = template.filled(rows[number], number + 1)
            request = Request(
                path=sent.path,
                method=template.method,
                actor=actor,
                body=sent.body.decode("utf-8", "replace"),
                content_type=sent.content_type,
            )
            weight = template.weight / whole * share
            yield Planned(request=request, template=template, weight=weight, turn=turn)


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One run of the plan on fresh data: the answers, their exact costs, and what they left."""

    answers: tuple[Answer, ...]
    tables: dict[str, Any]
    unordered: frozenset[str]


class Sides:
    """The two versions in one lab, on the same data."""

    def __init__(self, lab: Lab, a: Version, b: Version) -> None:
        self._labs = {"a": _lab_of(lab, a, 1), "b": _lab_of(lab, b, 2)}
        self._versions = {"a": a, "b": b}
        self._templates = {"a": BASE, "b": SECOND}
        self._varied = {"a": VARIED, "b": SECOND_VARIED}

    def prepare(self) -> None:
        """Give B the data of A, with B's own migrations on top."""
        self._second(SECOND, of=BASE)

    def vary(self) -> None:
        """Make the same once more, of data that are more various."""
        vary_databases(self._labs["a"])
        self._second(SECOND_VARIED, of=VARIED)

    def _second(self, template: str, *, of: str) -> None:
        lab = self._labs["b"]
        lab.branch(template, of=of)
        with lab.session(
            mode=None, base=True, template=template, edits=self._versions["b"].edits
        ) as session:
            session.call("migrate", timeout=1800)
        lab.databases.analyze(lab.database_names(template))

    @contextmanager
    def session(
        self, side: str, *, recorded: bool, seed: int | None = None, varied: bool = False
    ) -> Iterator[AgentSession]:
        """A process of one version on fresh data, with its actors logged in."""
        lab = self._labs[side]
        if seed is not None:
            settings = {**lab.project.environment, "PYTHONHASHSEED": str(seed)}
            lab = replace(lab, project=replace(lab.project, environment=settings))
        with lab.session(
            mode="light" if recorded else None,
            edits=self._versions[side].edits,
            template=(self._varied if varied else self._templates)[side],
        ) as session:
            self._labs[side].runs = max(lab.runs, self._labs[side].runs)
            session.call("actors", functions=dict(lab.project.config.actors))
            yield session

    def bounded(
        self, planned: Sequence[Planned], answer_seconds: float = ANSWER_SECONDS
    ) -> tuple[Planned, ...]:
        """What of a plan one version answers in some seconds, one at least; CPU of the first."""
        kept: list[Planned] = []
        left, left_timed = answer_seconds * 1e9, PASS_SECONDS * 1e9
        with self.session("a", recorded=False) as session:
            for each in sorted(planned, key=_by_turns):
                if left <= 0 and kept:
                    break
                spent = send(session, each.request, timeout=REQUEST_SECONDS).wall_ns
                left -= spent
                is_timed = spent <= left_timed or not kept
                left_timed -= spent * is_timed
                if left >= 0 or not kept:
                    kept.append(replace(each, is_timed=is_timed))
        return _ordered(kept)

    def place(self, side: str) -> tuple[Lab, str, Mapping[str, str]]:
        """Where a server of one version is started: its lab, its databases' template, its edits."""
        return self._labs[side], self._templates[side], self._versions[side].edits

    def look(self, side: str, planned: Sequence[Planned], *, varied: bool = False) -> Seen:
        """Answer the plan once, recorded, after a warm-up by its reads."""
        with self.session(side, recorded=True, varied=varied) as session:
            for each in planned:
                if not each.template.writes:
                    send(session, each.request, timeout=REQUEST_SECONDS)
            session.call("reset")
            answers = tuple(send(session, p.request, timeout=REQUEST_SECONDS) for p in planned)
            recording = store.recording_from([session.call("snapshot")])
            tables = session.call("tables", timeout=600)
        return Seen(answers=answers, tables=tables, unordered=unordered_routes(recording))

    def measure(
        self,
        planned: Sequence[Planned],
        *,
        pairs: int,
        seconds: float,
        progress: Callable[[str], None] = lambda text: None,
    ) -> tuple[Figures, Figures]:
        """CPU nanoseconds of A and of B: pairs of processes × rounds × requests."""
        found: dict[str, list[Array]] = {"a": [], "b": []}
        for pair in range(pairs):
            progress(f"pair {pair + 1} of {pairs}")
            for side, figures in self._pair(planned, pair, seconds).items():
                found[side].append(figures)
        return tuple(found["a"]), tuple(found["b"])

    def _pair(self, planned: Sequence[Planned], pair: int, seconds: float) -> dict[str, Array]:
        """One process of each version, taking turns by a few requests: what slows the machine down
        meanwhile slows both."""
        wanted = [_wanted(each.request) for each in planned]
        with ExitStack() as stack:
            order = ("a", "b") if pair % 2 == 0 else ("b", "a")
            sessions = {
                side: stack.enter_context(self.session(side, recorded=False, seed=pair + 1))
                for side in order
            }
            warm = {side: sessions[side].call("timed", wanted=wanted) for side in order}
            chunks = _chunks(warm[order[0]]["cpu_ns"])
            costs: dict[str, list[list[int]]] = {side: [] for side in order}
            until = time.monotonic() + seconds
            while len(costs["a"]) < LEAST_ROUNDS or (
                time.monotonic() < until and len(costs["a"]) < MOST_ROUNDS
            ):
                for side in order:
                    costs[side].append([])
                for which, (start, end) in enumerate(chunks):
                    turn = order if (len(costs["a"]) + which) % 2 == 0 else order[::-1]
                    for side in turn:
                        told = sessions[side].call("timed", wanted=wanted[start:end])
                        costs[side][-1] += told["cpu_ns"]
        # What a clock of coarse ticks did not see at all would have no ratio.
        return {
            side: np.maximum(np.asarray(each, dtype=float), 1.0) for side, each in costs.items()
        }


def _lab_of(lab: Lab, version: Version, number: int) -> Lab:
    """A lab for a version, on the same server; runs are numbered apart."""
    return replace(lab, project=version.project, runs=number * 100_000)


def _wanted(request: Request) -> dict[str, str]:
    told = {"path": request.path, "actor": request.actor, "method": request.method}
    return {**told, **request.content}


def _chunks(costs: Sequence[int]) -> list[tuple[int, int]]:
    """Ranges of requests that take about as long as a turn may."""
    chunks, start, spent = [], 0, 0
    for index, cost in enumerate(costs):
        spent += cost
        if spent >= CHUNK_NS:
            chunks.append((start, index + 1))
            start, spent = index + 1, 0
    if start < len(costs):
        chunks.append((start, len(costs)))
    return chunks


def by_route(planned: Sequence[Planned]) -> dict[str, list[int]]:
    """Indexes of the plan by route."""
    found: dict[str, list[int]] = defaultdict(list)
    for index, each in enumerate(planned):
        found[each.route].append(index)
    return dict(found)


def varying_counts(first: Sequence[Answer], again: Sequence[Answer]) -> frozenset[Request]:
    """Requests whose number of queries or rows is another one without any change of the code."""
    counts: Counter[Request] = Counter()
    for a, b in zip(first, again, strict=True):
        counts[a.request] += (a.queries, a.rows) != (b.queries, b.rows)
    return frozenset(request for request, times in counts.items() if times)
