"""Drives a site: every route with arguments from the data, then the links in the answers."""

from __future__ import annotations

import base64
import gzip
import heapq
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from math import inf
from typing import Any, Protocol

from nuages.answers import Answer, Request
from nuages.model import Coverage
from nuages.traffic.coverage import TOO_LONG, UNMATCHED, Reached, coverage
from nuages.traffic.links import destructive, links, local_path
from nuages.traffic.refusals import Refusals

_HOSTS = frozenset({"testserver", "localhost", "127.0.0.1"})
_REDIRECTS = (301, 302, 303, 307, 308)
_REQUEST_NS = 50_000_000  # counted for every request: quick denials have no right to be many
_AGENT_GRACE = 15.0  # seconds between the agent giving up on a request and us giving up on it


class Session(Protocol):
    """What driving needs of an agent session."""

    def call(self, name: str, *, timeout: float = ..., **arguments: Any) -> Any: ...


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How far a crawl goes."""

    per_route: int = 2  # distinct paths per route and actor
    requests: int = 400
    seconds: float = 45.0
    request_seconds: float = 10.0


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """What a crawl sent and got, in order, and what it reached."""

    answers: tuple[Answer, ...]  # without those that took too long: nothing to compare there
    coverage: Coverage

    @property
    def requests(self) -> tuple[Request, ...]:
        return tuple(answer.request for answer in self.answers)


def crawl(
    session: Session,
    *,
    actors: Sequence[str],
    limits: Limits | None = None,
    exclude: Sequence[str] = (),
    progress: Callable[[str], None] = lambda text: None,
) -> Traffic:
    """Send everything there is to send, each path as every actor, every route once at first."""
    routes = session.call("routes")
    found = session.call("targets", timeout=300)
    session.call("reset")  # what it took to find the targets is not the site's doing
    run = _Crawl(session, limits or Limits(), progress)
    run.excluded = {route["route"] for route in routes if is_excluded(str(route["route"]), exclude)}
    run.ranks = {route["route"]: _rank(route) for route in routes}
    run.add([(target["path"], target["route"], actors) for target in found["targets"]])
    run.follow(["/"], actors)
    notes = run.drive()
    unresolved = {entry["route"]: entry["reason"] for entry in found["unresolved"]}
    reached = Reached(
        answers=run.answers, reasons=unresolved | run.skipped, rows_counted=run.recorded
    )
    in_time = tuple(answer for answer in run.answers if answer.status != TOO_LONG)
    return Traffic(answers=in_time, coverage=coverage(routes, reached, notes))


_Entry = tuple[int, int, int, Request, str]  # turn, rank, order of arrival, what, its route


class _Crawl:
    """Queues of requests that grow with the links of the answers."""

    def __init__(self, session: Session, limits: Limits, progress: Callable[[str], None]) -> None:
        self._session, self._limits, self._progress = session, limits, progress
        self._queues: dict[str, list[_Entry]] = {}  # by actor; each a heap, see add()
        self._spent: Counter[str] = Counter()  # nanoseconds of waiting, by actor
        self._seen: set[Request] = set()
        self._per_route: Counter[tuple[str, str]] = Counter()
        self._known: dict[str, str | None] = {}  # path without query → route
        self._refusals = Refusals()
        self._reached: set[str] = set()  # routes that some actor got an answer from
        self.ranks: dict[str, int] = {}  # of a route: a higher one comes later
        self.excluded: set[str] = set()  # routes that the user said never to drive
        self.skipped: dict[str, str] = {}  # route → why it was not driven
        self.answers: list[Answer] = []
        self.recorded = False  # whether anything counted rows

    def add(self, paths: Iterable[tuple[str, str, Sequence[str]]]) -> None:
        """Queue paths whose route is known, as long as that route has room.

        The first path of every route comes before the second of any, whoever asks, the admin's
        own after the others', and otherwise first come, first served.
        """
        for path, route, actors in paths:
            if self._left_out(path, route):
                continue
            for actor in actors:
                request, turn = Request(path=path, actor=actor), self._per_route[route, actor]
                if turn < self._limits.per_route and request not in self._seen:
                    self._seen.add(request)
                    self._per_route[route, actor] += 1
                    rank = self.ranks.get(route, 0)
                    entry = (turn, rank, len(self._seen), request, route)
                    heapq.heappush(self._queues.setdefault(actor, []), entry)

    def _left_out(self, path: str, route: str) -> bool:
        if route in self.excluded:
            self.skipped.setdefault(route, "excluded by [tool.nuages]")
        elif destructive(path) or destructive(route):
            self.skipped.setdefault(route, "looks destructive")
        else:
            return False
        return True

    def follow(self, paths: Sequence[str], actors: Sequence[str]) -> None:
        """Queue links: only those that lead to a route, which the agent has to say."""
        bare = {path: path.partition("?")[0] for path in paths}
        unknown = list(dict.fromkeys(p for p in bare.values() if p not in self._known))
        if unknown:
            routes = self._session.call("resolve", paths=unknown)
            self._known.update(zip(unknown, routes, strict=True))
        found = ((path, self._known[plain]) for path, plain in bare.items())
        self.add([(path, route, actors) for path, route in found if route is not None])

    def drive(self) -> list[str]:
        """Empty the queues; what stopped it, if something did."""
        until = time.monotonic() + self._limits.seconds
        while any(self._queues.values()):
            stop = ""
            if len(self.answers) >= self._limits.requests:
                stop = f"at {self._limits.requests} requests"
            elif time.monotonic() > until:
                stop = f"after {self._limits.seconds:g} s"
            if stop:
                return [self._stopped(stop)]
            self._next(self._turn())
        return [f"{actor}: {why}" for actor, why in self._refusals.given_up().items()]

    def _next(self, queue: list[_Entry]) -> None:
        """Send the first of a queue; one whose route somebody reached waits for the others."""
        turn, rank, order, request, route = heapq.heappop(queue)
        if turn == 0 and route in self._reached:
            heapq.heappush(queue, (1, rank, order, request, route))
        elif not self._refusals.closed(route, request.actor):
            self._step(request, route)

    def _turn(self) -> list[_Entry]:
        """The queue of the actor who was waited for least: a slow one does not starve the rest."""
        waiting = [actor for actor, queue in self._queues.items() if queue]
        return self._queues[min(waiting, key=lambda actor: self._spent[actor])]

    def _stopped(self, stop: str) -> str:
        left = [entry for queue in self._queues.values() for entry in queue]
        for *_, route in left:
            self.skipped.setdefault(route, f"the crawl stopped {stop}")
        return f"the crawl stopped {stop}, with {len(left)} more to send"

    def _step(self, request: Request, route: str) -> None:
        raw = _ask(self._session, request, self._limits.request_seconds)
        answer = _answer(request, raw)
        self.answers.append(answer)
        self.recorded |= bool(raw.get("recorded"))
        if 200 <= answer.status < 300:
            self._reached.add(route)
        share = 2 if request.actor == "staff" else 1  # who sees most gets most of the time
        self._spent[request.actor] += (answer.wall_ns + _REQUEST_NS) // share
        self._refusals.note(route, request.actor, answer)
        if len(self.answers) % 25 == 0:
            self._progress(f"{len(self.answers)} requests")
        found = _links(answer)
        if found:
            self.follow(found, (request.actor,))


def is_excluded(route: str, patterns: Sequence[str]) -> bool:
    """Whether a pattern of `exclude` matches a route, with or without its method."""
    return any(fnmatchcase(name, p) for p in patterns for name in (route, f"GET {route}"))


def _rank(route: Mapping[str, Any]) -> int:
    """The site itself first, then its admin, then what only redirects or lists an object's log."""
    if str(route.get("view", "")).endswith(("RedirectView", "history_view")):
        return 2
    return 1 if route.get("admin") else 0


def _links(answer: Answer) -> list[str]:
    if answer.status in _REDIRECTS:
        location = next((v for k, v in answer.headers.items() if k.lower() == "location"), "")
        followed = local_path(location, answer.request.path, _HOSTS) if location else None
        return [followed] if followed else []
    if answer.status >= 400:
        return []
    text = answer.body.decode("utf-8", errors="replace")
    return links(answer.request.path, answer.headers, text, _HOSTS)


def send(session: Session, request: Request, *, timeout: float = 20.0) -> Answer:
    """One request; the agent gives up on it after `timeout` seconds and answers 504."""
    return _answer(request, _ask(session, request, timeout))


def _ask(session: Session, request: Request, seconds: float) -> Mapping[str, Any]:
    raw: Mapping[str, Any] = session.call(
        "request",
        method=request.method,
        path=request.path,
        actor=request.actor,
        seconds=seconds,
        timeout=seconds + _AGENT_GRACE,
        **request.content,
    )
    return raw


def _answer(request: Request, raw: Mapping[str, Any]) -> Answer:
    costs = {name: raw[name] for name in ("wall_ns", "cpu_ns", "db_ns", "queries", "rows")}
    return Answer(
        request=request,
        status=raw["status"],
        route=f"{request.method} {raw['route'] or UNMATCHED}",
        headers=raw["headers"],
        body=_body(raw),
        exception=raw.get("exception"),
        **costs,
    )


def _body(raw: Mapping[str, Any]) -> bytes:
    """The body without its content encoding; of one too long to send, its digest."""
    if "digest" in raw:
        return f"{raw['length']} bytes, sha256 {raw['digest']}".encode()
    body = base64.b64decode(raw["body"]) if raw.get("base64") else raw["body"].encode()
    encoding = next((v for k, v in raw["headers"].items() if k.lower() == "content-encoding"), "")
    try:
        if encoding == "gzip":
            return gzip.decompress(body)
        if encoding == "deflate":
            return zlib.decompress(body)
    except (OSError, EOFError, zlib.error):
        return body
    return body


def replay(
    session: Session,
    requests: Sequence[Request],
    *,
    timeout: float = 20.0,
    seconds: float = inf,
    progress: Callable[[str], None] = lambda text: None,
) -> list[Answer]:
    """Send them again in order, for so many seconds.

    One warm-up goes first; it is neither returned nor recorded.
    """
    until = time.monotonic() + seconds
    if requests:
        send(session, requests[0], timeout=timeout)
        session.call("reset")
    answers = []
    for number, request in enumerate(requests, start=1):
        if time.monotonic() > until:
            break
        answers.append(send(session, request, timeout=timeout))
        if number % 50 == 0:
            progress(f"{number} of {len(requests)} requests")
    return answers
