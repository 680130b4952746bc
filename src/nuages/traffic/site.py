"""The mix of a project that nobody visits yet: its routes, its data, its forms."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from nuages.answers import Answer, Request
from nuages.errors import NuagesError
from nuages.model import Coverage
from nuages.traffic.coverage import state_of
from nuages.traffic.crawl import Limits, Session, Traffic, crawl, send
from nuages.traffic.forms import Form, forms
from nuages.traffic.grouping import Seen, grouped
from nuages.traffic.mix import READING, Actor, Excluded, Mix, rights
from nuages.traffic.openapi import document_in, requests_in
from nuages.traffic.recorded import share_of, unsent
from nuages.traffic.rest import accepted, keys_of_rows
from nuages.wording import percent

ROWS = 40  # of arguments for each route, from the data
SHARES: Mapping[str, float] = {"anonymous": 0.6, "user": 0.35, "staff": 0.05}
SAMPLE = 6  # of a route's further paths that are tried
VERIFY_SECONDS = 30.0
ADMIN_WEIGHT = 0.05  # of a route of the admin, beside 1 for the site's own
WRITE_WEIGHT = 0.1  # writes are rare beside reads
SKEW = 1.0  # Zipf's exponent of web pages: about 1 (Adamic and Huberman, 2002)
FORM_SECONDS = 10.0
_LEFT_OUT = ("looks destructive", "excluded by [tool.nuages]")  # as the crawl says it
_HOSTS = frozenset({"testserver", "localhost", "127.0.0.1"})


def mix_of_site(
    session: Session,
    *,
    actors: Sequence[str],
    limits: Limits | None = None,
    exclude: Sequence[str] = (),
    include: Sequence[str] = (),
    weights: Mapping[str, float] | None = None,
    progress: Callable[[str], None] = lambda text: None,
) -> tuple[Mix, Coverage]:
    """Crawl, take more arguments from the data, and fill in the forms that were found."""
    traffic = crawl(session, actors=actors, limits=limits, exclude=exclude, progress=progress)
    mix = mix_of_crawl(session, traffic, actors=actors, include=include, weights=weights)
    return mix, traffic.coverage


def mix_of_crawl(
    session: Session,
    traffic: Traffic,
    *,
    actors: Sequence[str],
    include: Sequence[str] = (),
    weights: Mapping[str, float] | None = None,
) -> Mix:
    """What a crawl reached, with more arguments from the data, and the forms it found filled in.

    `weights` are requests by "GET /route/", where a log or a recording knows them.
    """
    described = {route["route"]: route for route in session.call("routes")}
    reached = _reached(traffic)
    known = _verified(session, reached, _known_paths(session, reached))
    reads = list(_reads(reached, known))
    writes, refused = _writes(session, traffic, described)
    reach = {route: _reach(answers) for route, answers in reached.items()}
    weighted = [_weighted(seen, described, reach, weights) for seen in (*reads, *writes)]
    sent = [seen for seen in weighted if seen.count > 0]
    templates, excluded = grouped(sent, include=include, assets=True)
    templates = tuple(replace(t, skew=SKEW) if len(t.arguments) > 1 else t for t in templates)
    destructive = [
        Excluded(route=route.route, why=route.reason)
        for route in traffic.coverage.routes
        if route.state == "not driven" and route.reason in _LEFT_OUT
    ]
    source = "the project's routes, links and forms, with arguments from its scratch data"
    if weights is not None:
        routes = {template.route for template in templates}
        source += f"; weights as recorded, {percent(share_of(weights, routes))} of the requests"
        refused += unsent(weights, routes)
    return Mix(
        templates=templates,
        actors=tuple(Actor(name=name, share=SHARES.get(name, 0.1)) for name in actors),
        excluded=_each_once((*excluded, *destructive, *refused)),
        source=source,
    )


def _reached(traffic: Traffic) -> dict[str, list[Answer]]:
    """Good answers by route; to be sent to log in is none."""
    found: dict[str, list[Answer]] = {}
    for answer in traffic.answers:
        is_good = answer.status < 400 and state_of(answer)[0] != "denied"
        if is_good and answer.request.method == "GET":
            found.setdefault(answer.route.partition(" ")[2], []).append(answer)
    return found


def _known_paths(session: Session, reached: Mapping[str, Any]) -> dict[str, list[str]]:
    """More paths of each route that was reached, the most popular row first."""
    found: dict[str, list[str]] = {}
    with suppress(NuagesError):
        for target in session.call("targets", limit_per_route=ROWS, timeout=300)["targets"]:
            if target["route"] in reached:
                found.setdefault(target["route"], []).append(target["path"])
    return found


def _verified(
    session: Session, reached: Mapping[str, Sequence[Answer]], known: Mapping[str, list[str]]
) -> dict[str, list[str]]:
    """Paths that are there for everybody who asks; most of a route's are tried by a sample."""
    found: dict[str, list[str]] = {}
    until = time.monotonic() + VERIFY_SECONDS
    for route, paths in known.items():
        actors = list(dict.fromkeys(answer.request.actor for answer in reached[route]))
        good = []
        for path in paths[:SAMPLE]:
            asked = (Request(path=path, actor=actor) for actor in actors)
            if time.monotonic() < until and all(send(session, r).status < 400 for r in asked):
                good.append(path)
        all_are = len(good) == len(paths[:SAMPLE])
        found[route] = paths if all_are else good
    return found


def _reads(
    reached: Mapping[str, Sequence[Answer]], known: Mapping[str, Sequence[str]]
) -> Iterator[Seen]:
    """Each route's paths as each actor who got an answer; together they weigh 1."""
    for route, answers in reached.items():
        let_in = list(dict.fromkeys(answer.request.actor for answer in answers))
        paths = dict.fromkeys(answer.request.path for answer in answers)
        plain = {path.partition("?")[0] for path in paths}
        paths |= dict.fromkeys(path for path in known.get(route, ()) if path not in plain)
        ranks = {path: 1 / rank for rank, path in enumerate(paths, 1)}
        total = sum(ranks.values()) * len(let_in)
        for path, share in ranks.items():
            for actor in let_in:
                yield Seen(path=path, actor=actor, route=route, count=share / total)


def _reach(answers: Sequence[Answer]) -> float:
    """The share of all visitors who are let in: a page for staff is not asked for by everybody."""
    actors = {answer.request.actor for answer in answers}
    return min(sum(SHARES.get(actor, 0.1) for actor in actors), 1.0)


def _weighted(
    seen: Seen,
    described: Mapping[str, Mapping[str, Any]],
    reach: Mapping[str, float],
    weights: Mapping[str, float] | None,
) -> Seen:
    told = described.get(seen.route, {})
    name = str(told.get("name", ""))
    if weights is not None:
        known = weights.get(f"{seen.method} {seen.route}", 0.0)
        part = seen.count if seen.method in READING else 1.0  # a route's one write is all of them
        return replace(seen, name=name, count=part * known)
    factor = ADMIN_WEIGHT if told.get("admin") else reach.get(seen.route, 1.0)
    return replace(seen, name=name, count=seen.count * factor)


def _writes(
    session: Session, traffic: Traffic, described: Mapping[str, Mapping[str, Any]]
) -> tuple[list[Seen], list[Excluded]]:
    """What forms and API endpoints accepted when it was tried; and what they did not."""
    tried: dict[str, tuple[Seen, str]] = {}
    for seen, why in (
        *_of_forms(session, traffic, described),
        *_of_rest(session, traffic, described),
        *_of_openapi(session, traffic),
    ):
        key = f"{seen.method} {seen.route or seen.path}"
        if key not in tried or tried[key][1]:
            tried[key] = (seen, why)
    good = [seen for seen, why in tried.values() if not why]
    bad = [Excluded(route=key, why=why) for key, (_, why) in tried.items() if why]
    if any(route.get("admin") for route in described.values()):
        bad.append(Excluded(route="the admin's forms", why="too many to fill in by guesswork"))
    return good, bad


def _of_forms(
    session: Session, traffic: Traffic, described: Mapping[str, Mapping[str, Any]]
) -> Iterator[tuple[Seen, str]]:
    """Forms of the site's own pages; the admin's are too many, and few people's."""
    seen_forms: Counter[tuple[str, str]] = Counter()
    until = time.monotonic() + VERIFY_SECONDS
    for answer in traffic.answers:
        if not 200 <= answer.status < 300 or time.monotonic() > until:
            continue
        text = answer.body.decode("utf-8", errors="replace")
        for form in forms(answer.request.path, answer.headers, text, _HOSTS):
            route = _route_of(session, form.action)
            key = (route, answer.request.actor)
            is_admin = described.get(route, {}).get("admin")
            if form.method != "POST" or not route or is_admin or seen_forms[key]:
                continue
            seen_forms[key] += 1
            yield _tried_form(session, form, route, answer.request.actor)


def _tried_form(session: Session, form: Form, route: str, actor: str) -> tuple[Seen, str]:
    seen = Seen(
        path=form.action, method="POST", actor=actor, route=route, form=form.fields,
        count=WRITE_WEIGHT,
    )  # fmt: skip
    if form.why_not:
        return seen, form.why_not
    return seen, _why_refused(session, seen)


def _of_rest(
    session: Session, traffic: Traffic, described: Mapping[str, Mapping[str, Any]]
) -> Iterator[tuple[Seen, str]]:
    """Endpoints that take POST, asked for their metadata as the actor who reached them."""
    reached = _reached(traffic)
    related = keys_of_rows({r: [a.request.path for a in each] for r, each in reached.items()})
    for route, answers in reached.items():
        methods = described.get(route, {}).get("methods") or ()
        is_json = "json" in str(answers[0].headers).lower()
        if "POST" not in methods or not is_json:
            continue
        path = answers[0].request.path.partition("?")[0]
        # Who may see least, of those who are told what it accepts.
        for actor in sorted({answer.request.actor for answer in answers}, key=rights):
            told = send(session, Request(path=path, method="OPTIONS", actor=actor))
            body = accepted(told.body.decode("utf-8", errors="replace"), related)
            if body is not None:
                seen = Seen(
                    path=path, method="POST", actor=actor, route=route, json=body,
                    count=WRITE_WEIGHT,
                )  # fmt: skip
                yield seen, _why_refused(session, seen)
                break


def _of_openapi(session: Session, traffic: Traffic) -> Iterator[tuple[Seen, str]]:
    """What the site's own OpenAPI document says that one may write, where it serves one."""
    known = {r: [a.request.path for a in answers] for r, answers in _reached(traffic).items()}
    texts = (a.body.decode("utf-8", "replace") for a in traffic.answers if a.status == 200)
    document = next(filter(None, map(document_in, texts)), None)
    until = time.monotonic() + VERIFY_SECONDS
    for seen in requests_in(document, known)[0] if document else ():
        route = _route_of(session, seen.path)
        if seen.method not in READING and route and time.monotonic() < until:
            told = replace(seen, route=route, count=WRITE_WEIGHT)
            yield told, _why_refused(session, told)


def _why_refused(session: Session, seen: Seen) -> str:
    """Send it once; why it is not to be sent, "" when it was accepted."""
    templates, excluded = grouped([seen])
    if excluded:
        return excluded[0].why
    sent = templates[0].filled(templates[0].arguments[0] if templates[0].arguments else {}, 1)
    request = Request(
        path=sent.path,
        method=seen.method,
        actor=seen.actor,
        body=sent.body.decode(),
        content_type=sent.content_type,
    )
    answer = send(session, request, timeout=FORM_SECONDS)
    if answer.status < 400 and "errorlist" not in answer.body.decode("utf-8", "replace"):
        return ""
    if answer.status < 400:
        return "filled in by guesswork, its form was not valid: write a request with `form`"
    what = _first_fault(answer)
    return f"filled in by guesswork, it was answered {answer.status}{what}: write a request for it"


def _first_fault(answer: Answer) -> str:
    """The field that an API did not like, by its name alone."""
    with suppress(ValueError):
        told = json.loads(answer.body)
        if isinstance(told, dict) and told and answer.status == 400:
            return f" (`{next(iter(told))}`)"
    return ""


def _route_of(session: Session, path: str) -> str:
    plain = path.partition("?")[0]
    found = session.call("resolve", paths=[plain])
    return str(found[0] or "")


def _each_once(excluded: Sequence[Excluded]) -> tuple[Excluded, ...]:
    return tuple({each.route: each for each in reversed(excluded)}.values())[::-1]
