"""Journeys of a site that nobody has written down: what a crawl reached, and its forms."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import urljoin

from nuages.answers import Answer
from nuages.stateless.forms import Form, forms
from nuages.stateless.journeys import Journey, Step
from nuages.traffic.crawl import Limits, Session, crawl
from nuages.traffic.links import destructive

PAGES = 12  # of one user, each of another route
DEEDS = 8  # of one user: forms submitted, and other POSTs
LIMITS = Limits(per_route=1, requests=150, seconds=30.0)
NOBODY = "anonymous"


def discover(session: Session, *, actors: Sequence[str], exclude: Sequence[str]) -> list[Journey]:
    """A journey for each actor: log in, look at pages and submit their forms, look again.

    The second look is what shows the state that the first one left somewhere.
    """
    traffic = crawl(session, actors=actors, limits=LIMITS, exclude=exclude)
    found = []
    for actor in actors:
        pages = list(_pages(answer for answer in traffic.answers if answer.request.actor == actor))
        if not pages:
            continue
        steps = [Step(kind="login", path=actor)] if actor != NOBODY else []
        steps += [*_with_forms(pages), *(Step(path=page.request.path) for page in pages)]
        found.append(Journey(user=actor, steps=steps))
    return found


def _pages(answers: Iterable[Answer]) -> Iterator[Answer]:
    """The first good answer of each route."""
    routes: set[str] = set()
    for answer in answers:
        if 200 <= answer.status < 300 and answer.route not in routes and len(routes) < PAGES:
            routes.add(answer.route)
            yield answer


def _with_forms(pages: Sequence[Answer]) -> Iterator[Step]:
    """Each page, then what it lets one do: its forms, or a POST that its `Allow` header takes."""
    done: set[tuple[str, frozenset[str]]] = set()
    for page in pages:
        path = page.request.path
        yield Step(path=path)
        for key, steps in _deeds(path, page):
            if key not in done and len(done) < DEEDS and not destructive(key[0]):
                done.add(key)
                yield from steps


def _deeds(path: str, page: Answer) -> Iterator[tuple[tuple[str, frozenset[str]], list[Step]]]:
    """What is done, to be done once whatever page it is on, and the steps of it."""
    told = {name.lower(): value for name, value in page.headers.items()}
    if "html" in told.get("content-type", ""):
        for form in forms(page.body.decode("utf-8", "replace")):
            submit = Step(kind="submit", method=form.method, path=form.action)
            if form.method == "POST":  # the next form is one of this page again
                yield _key(path, form), [submit, Step(kind="follow"), Step(path=path)]
            elif form.action:
                yield _key(path, form), [submit, Step(path=path)]
    elif "POST" in told.get("allow", ""):
        yield (path, frozenset()), [Step(method="POST", path=path, json={})]


def _key(path: str, form: Form) -> tuple[str, frozenset[str]]:
    return urljoin(path, form.action or path), form.names
