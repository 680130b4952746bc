"""Whether two versions of a site gave the same answers: variation learnt by path, then compared."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from nuages.documents import Path, differences, document, leaves, show
from nuages.model import Recording
from nuages.wording import percent

SameOrNot = Literal["same", "same up to order", "different", "not comparable"]

# Headers whose change a client would notice; the rest is dates, etags, cookies and lengths.
HEADERS = ("content-type", "content-disposition", "location", "allow")
MOST_MASKED = 0.10  # of an answer's leaves; beyond it too little is left to compare


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """What was asked, and by whom."""

    path: str  # with the query string
    method: str = "GET"
    actor: str = "anonymous"
    body: str = ""
    content_type: str = ""

    @property
    def content(self) -> Mapping[str, str]:
        """What is sent along; nothing for most."""
        return {"body": self.body, "content_type": self.content_type} if self.body else {}


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What a site said to one request, and what it cost to say so."""

    request: Request
    status: int
    route: str = ""  # "GET /posts/<int:pk>/"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""  # decoded from any transfer or content encoding
    wall_ns: int = 0
    cpu_ns: int = 0
    db_ns: int = 0
    queries: int = 0
    rows: int = 0
    exception: str | None = None  # the last line of the traceback


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """How one answer compares with another to the same request."""

    request: Request
    route: str
    result: SameOrNot
    reason: str = ""
    excerpt: str = ""  # the first difference: path, before, after

    @property
    def is_same(self) -> bool:
        return self.result in ("same", "same up to order")


@dataclass(frozen=True, kw_only=True, slots=True)
class Masks:
    """What changes by itself, by path, per request; and which requests can't be compared."""

    paths: Mapping[Request, frozenset[Path]] = field(default_factory=dict)
    not_comparable: Mapping[Request, str] = field(default_factory=dict)  # the reason


def learn(answers: Sequence[Answer], again: Sequence[Answer], known: Masks | None = None) -> Masks:
    """What differs between two runs of one version, to be left out of later comparisons.

    `known` is what an earlier pair of runs taught.
    """
    paths = dict(known.paths) if known else {}
    unfit = dict(known.not_comparable) if known else {}
    for a, b in pairs(answers, again):
        request = a.request
        if b is None:
            unfit[request] = "it was not answered a second time"
        elif a.status != b.status:
            unfit[request] = f"its status changes by itself: {a.status}, then {b.status}"
        else:
            varying = frozenset(path for path, *_ in differences(_content(a), _content(b)))
            masked = paths.get(request, frozenset()) | varying
            paths[request] = masked
            share = _masked_share(a, masked)
            if share > MOST_MASKED:
                unfit[request] = f"{percent(share)} of it changes by itself"
    return Masks(paths=paths, not_comparable=unfit)


def compare(masks: Masks, before: Answer, after: Answer, *, unordered: bool = False) -> Verdict:
    """Compare two answers to one request.

    With `unordered` (a queryset without an order was seen) lists that are only permuted give
    "same up to order".
    """
    reason = masks.not_comparable.get(before.request, "")
    if reason:
        return _verdict(before, "not comparable", reason)
    if before.status != after.status:
        excerpt = after.exception or ""
        change = f"the status was {before.status}, now {after.status}"
        return _verdict(before, "different", change, excerpt)
    masked = masks.paths.get(before.request, frozenset())
    content, new = _content(before), _content(after)
    found = next(differences(content, new, masked), None)
    if found is None:
        return _verdict(before, "same")
    if unordered and not any(differences(content, new, masked, in_order=False)):
        return _verdict(before, "same up to order", "its queryset has no order")
    path, old, changed = found
    excerpt = f"{show(path)}: {_clip(old)} → {_clip(changed)}"
    return _verdict(before, "different", f"{show(path)} differs", excerpt)


def compare_all(
    masks: Masks,
    before: Sequence[Answer],
    after: Sequence[Answer],
    *,
    unordered: Iterable[str] = (),
) -> tuple[Verdict, ...]:
    """Compare run with run; `unordered` names routes in which a queryset has no order."""
    routes = frozenset(unordered)
    verdicts = []
    for a, b in pairs(before, after):
        if b is None:
            verdicts.append(_verdict(a, "different", "it was not answered any more"))
        else:
            verdicts.append(compare(masks, a, b, unordered=a.route in routes))
    return tuple(verdicts)


def unordered_routes(recording: Recording) -> frozenset[str]:
    """Routes in which a query gave several rows in no order, and with no limit.

    Under a limit another order means other rows, so that a permutation is a difference.
    """
    return frozenset(
        group.scope.name
        for group in recording.groups
        if group.statement.verb == "SELECT"
        and group.rows_max > 1
        and " ORDER BY " not in group.statement.sql
        and " LIMIT " not in group.statement.sql
    )


def pairs(
    answers: Sequence[Answer], others: Sequence[Answer]
) -> Iterable[tuple[Answer, Answer | None]]:
    """Answers to one request side by side: the first with the first, and so on."""
    waiting: dict[Request, list[Answer]] = defaultdict(list)
    for other in reversed(others):
        waiting[other.request].append(other)
    for answer in answers:
        queue = waiting[answer.request]
        yield answer, queue.pop() if queue else None


def _content(answer: Answer) -> object:
    """Headers and body as one tree of dicts, lists and values."""
    headers = {name.lower(): value for name, value in answer.headers.items()}
    kept = {name: headers[name] for name in HEADERS if name in headers}
    if "location" in kept:
        url = urlsplit(kept["location"])
        kept["location"] = url._replace(scheme="", netloc="").geturl()
    return {"headers": kept, "body": document(headers.get("content-type", ""), answer.body)}


def _masked_share(answer: Answer, masked: frozenset[Path]) -> float:
    paths = list(leaves(_content(answer)))
    hidden = sum(any(path[: len(mask)] == mask for mask in masked) for path in paths)
    return hidden / len(paths) if paths else 0.0


def _verdict(answer: Answer, result: SameOrNot, reason: str = "", excerpt: str = "") -> Verdict:
    return Verdict(
        request=answer.request, route=answer.route, result=result, reason=reason, excerpt=excerpt
    )


def _clip(value: object, most: int = 80) -> str:
    text = repr(value)
    return text if len(text) <= most else f"{text[:most]}…"
