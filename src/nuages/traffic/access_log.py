"""Requests from access logs: of web servers, balancers, application servers, and JSON lines."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from nuages.errors import NuagesError
from nuages.traffic.grouping import Seen, grouped
from nuages.traffic.mix import READING, Actor, Excluded, Mix

# log_format combined of nginx, LogFormat combined and common of Apache, a host in front or not.
_COMBINED = re.compile(
    r"(?:^|[:|] +)(?:[\w.:-]+ )?\S+ \S+ (?P<user>\S+) \[(?P<time>[^\]]+)\] "
    r'"(?P<request>(?:[^"\\]|\\.)*)" (?P<status>\d{3}) '
)
# docs.aws.amazon.com, "Access logs for your Application Load Balancer": fields in this order.
_ALB = re.compile(
    r"^(?:https?|h2|wss?|grpcs?) (?P<time>\S+) \S+ \S+ \S+ \S+ \S+ \S+ (?P<status>\d{3}|-) \S+ \S+"
    r' \S+ "(?P<request>(?:[^"\\]|\\.)*)" '
)
# "GET / HTTP/1.1" 200, wherever it stands: uvicorn, runserver, hypercorn, formats of one's own,
# and what syslog or docker compose put before a line. "GET / HTTP/1.1" comes last of HAProxy's.
_ANYWHERE = re.compile(r'"(?P<request>[A-Z]+ (?:[^"\\ ]|\\.)+ HTTP/[\d.]+)"[ ]+(?P<status>\d{3})\b')
_HAPROXY = re.compile(
    r"\[(?P<time>[^\]]+)\] \S+ \S+ [-+\d/]+ (?P<status>\d{3}) .*"
    r'"(?P<request>[A-Z]+ [^" ]+ HTTP/[\d.]+)"'
)
# uwsgi-docs, "Formatting uWSGI requests logs"; devcenter.heroku.com, "HTTP routing".
_UWSGI = re.compile(
    r"\[(?P<time>\w{3} \w{3} +\d+ [\d:]+ \d{4})\] (?P<request>[A-Z]+ \S+) => .*"
    r"\(HTTP/[\d.]+ (?P<status>\d{3})\)"
)
_ROUTER = re.compile(
    r'^(?P<time>\S+)? ?.*\bmethod=(?P<method>[A-Z]+) path="(?P<path>[^"]+)"'
    r".* status=(?P<status>\d{3})"
)
_FORMATS = (_COMBINED, _ALB, _ANYWHERE, _HAPROXY, _UWSGI, _ROUTER)
_KEYS: Mapping[str, Sequence[str]] = {
    "method": ("request_method", "method", "http_method", "verb", "RequestMethod"),
    "path": ("request_uri", "path", "uri", "url", "http_path", "RequestPath"),
    "request": ("request", "request_line", "http_request"),
    "status": ("status", "status_code", "http_status", "response_status", "DownstreamStatus"),
    "time": ("time_iso8601", "@timestamp", "timestamp", "time", "time_local", "ts", "StartUTC"),
    "user": ("remote_user", "user", "user_id"),
}
_KNOWN_METHODS = frozenset((*READING, "POST", "PUT", "PATCH", "DELETE"))
_TIMES = ("%d/%b/%Y:%H:%M:%S %z", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S.%f%z",
          "%d/%b/%Y:%H:%M:%S.%f", "%a %b %d %H:%M:%S %Y")  # fmt: skip
_EPOCH = re.compile(r"1\d{9}(\.\d+)?|1\d{12}")  # seconds or milliseconds, since 2001
_SAID_OF_WRITES = "its body is not in the log: write a request with `form` or `json`"


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One request of a log."""

    method: str
    path: str
    status: int | None
    user: str = ""
    at: datetime | None = None


def mix_of_logs(paths: Sequence[Path], *, include: Sequence[str] = (), assets: bool = False) -> Mix:
    """The mix that logs tell of; who was logged in they do not tell, but for HTTP's own logins."""
    counts: Counter[Seen] = Counter()
    minutes: Counter[str] = Counter()
    lines = unread = 0
    for path in paths:
        for line in read_lines(path):
            if line is None:
                unread += 1
                continue
            lines += 1
            counts[_seen(line)] += 1
            if line.at is not None:
                minutes[line.at.strftime("%Y-%m-%d %H:%M")] += 1
    if not lines:
        raise NuagesError(
            f"no request was found in {', '.join(map(str, paths))}",
            hint="read are logs of nginx and Apache (common, combined), AWS ALB, and JSON lines",
            slug="traffic",
        )
    sent = [replace(seen, count=float(n)) for seen, n in counts.items() if seen.method in READING]
    templates, excluded = grouped(sent, include=include, assets=assets)
    return Mix(
        templates=templates,
        actors=_actors(sent),
        excluded=(*excluded, *_unsent(counts)),
        source=_said(lines, unread, minutes),
    )


def _unsent(counts: Mapping[Seen, int]) -> Iterator[Excluded]:
    """What a log has of writes: that they were, and how often."""
    writes = [replace(s, count=float(n)) for s, n in counts.items() if s.method not in READING]
    templates, destructive = grouped(writes, assets=True)
    yield from destructive
    for each in templates:
        yield Excluded(route=each.route, why=f"asked for {each.weight:,.0f} ×; {_SAID_OF_WRITES}")


def read_lines(path: Path) -> Iterator[Line | None]:
    """Every line of a log, plain or gzipped; None for what is no request."""
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8", errors="replace") as file:
        for text in file:
            if text.strip():
                yield parsed(str(text))


def parsed(text: str) -> Line | None:
    """One line, of whichever of the formats it is."""
    if text.lstrip().startswith("{"):
        return _of_json(text)
    found = next((m for p in _FORMATS if (m := p.search(text))), None)
    if found is None:
        return None
    told = found.groupdict()
    request = told.get("request") or f"{told['method']} {told['path']}"
    return _line(request, told["status"], told.get("user") or "", told.get("time"))


def _of_json(text: str) -> Line | None:
    try:
        told = json.loads(text)
    except ValueError:
        return None
    if not isinstance(told, dict):
        return None
    if isinstance(told.get("request"), dict):  # Caddy, and what nests likewise
        told = {**told, **told.pop("request")}
    values = {name: _first(told, keys) for name, keys in _KEYS.items()}
    request = values["request"]
    if not isinstance(request, str):
        if not isinstance(values["path"], str):
            return None  # a line of another kind of log
        request = f"{values['method'] or 'GET'} {values['path']} HTTP/1.1"
    return _line(request, values["status"], str(values["user"] or ""), values["time"])


def _first(told: Mapping[str, Any], keys: Sequence[str]) -> Any:
    return next((told[key] for key in keys if told.get(key) not in (None, "")), None)


def _line(request: str, status: Any, user: str, time: Any) -> Line | None:
    words = request.split(" ")
    if len(words) < 2 or words[0] not in _KNOWN_METHODS:
        return None
    parts = urlsplit(words[1])
    path = parts.path or "/"
    if not path.startswith("/"):
        return None
    return Line(
        method=words[0],
        path=path + (f"?{parts.query}" if parts.query else ""),
        status=int(status) if str(status).isdigit() else None,
        user="" if user == "-" else user,
        at=_time(time),
    )


def _time(told: Any) -> datetime | None:
    if _EPOCH.fullmatch(str(told)):
        seconds = float(told) / (1000 if len(str(told).partition(".")[0]) == 13 else 1)
        return datetime.fromtimestamp(seconds, UTC)
    for form in _TIMES:
        try:
            return datetime.strptime(str(told), form)  # noqa: DTZ007  (its minute alone matters)
        except ValueError:
            continue
    return None


def _seen(line: Line) -> Seen:
    staff = line.path.startswith("/admin/") and not line.path.startswith("/admin/login")
    actor = "staff" if staff else "user" if line.user else "anonymous"
    return Seen(path=line.path, method=line.method, actor=actor, status=line.status)


def _actors(sent: Sequence[Seen]) -> tuple[Actor, ...]:
    shares: Counter[str] = Counter()
    for seen in sent:
        shares[seen.actor] += round(seen.count)
    total = shares.total() or 1
    return tuple(Actor(name=n, share=round(c / total, 3)) for n, c in shares.most_common())


def _said(lines: int, unread: int, minutes: Counter[str]) -> str:
    said = f"{lines:,} requests of access logs"
    if minutes:
        busiest = max(minutes.values())
        mean = minutes.total() / len(minutes)
        said += f", {mean / 60:.3g}/s in the mean and {busiest / 60:.3g}/s in the busiest minute"
    return said + (f"; {unread:,} lines were not understood" if unread else "")
