"""Makes a mix that was written elsewhere fit the data that is here: its arguments, and who asks."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from nuages.answers import Answer, Request
from nuages.errors import NuagesError
from nuages.traffic.coverage import state_of
from nuages.traffic.crawl import Session, send
from nuages.traffic.mix import PLACEHOLDER, Excluded, Mix, Template, rights
from nuages.wording import percent

ROWS = 40  # of arguments that a route is given
SECONDS = 20.0  # of trying, the heaviest first
ENOUGH = 12  # templates whose arguments all were there: the file was made of this data
REQUEST_SECONDS = 10.0
_MISSING = (404, 410)


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """A mix whose requests are answered, and what had to be changed for that."""

    mix: Mix
    arguments: tuple[str, ...] = ()  # routes that were given arguments of the data here
    actors: tuple[str, ...] = ()  # routes that others than the file says are let in to
    left_out: tuple[Excluded, ...] = ()
    share: float = 0.0  # of the traffic that was left out

    def notes(self) -> list[str]:
        """What the user should know, a line each."""
        told = []
        if self.arguments:
            told.append(
                f"rows that are not in the data here: took others for {_some(self.arguments)}"
            )
        if self.actors:
            told.append(f"asked as who is let in: {_some(self.actors)}")
        if self.left_out:
            what = _some([f"{each.route} ({each.why})" for each in self.left_out])
            told.append(f"{percent(self.share)} of the traffic is not sent: {what}")
        return told


def _some(names: Sequence[str], most: int = 4) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if names[most:] else "")


def fitted(
    session: Session, mix: Mix, *, actors: Sequence[str], seconds: float = SECONDS
) -> Fitted:
    """Try each template, the heaviest first; the session's data is its own, so writes may be.

    What says itself which status it expects is sent as it is.
    """
    until = time.monotonic() + seconds
    run = _Fitting(session, actors, until)
    order = sorted(range(len(mix.templates)), key=lambda i: -mix.templates[i].weight)
    order.sort(key=lambda i: mix.templates[i].writes)
    kept: dict[int, Template] = {}
    for index in order:
        template = mix.templates[index]
        is_tried = template.expect is None and not run.is_sure and time.monotonic() < until
        made = run.fit(template) if is_tried else template
        if made is not None:
            kept[index] = made
    total = sum(template.weight for template in mix.templates) or 1.0
    return Fitted(
        mix=replace(
            mix,
            templates=tuple(kept[index] for index in sorted(kept)),
            excluded=(*mix.excluded, *run.left_out),
        ),
        arguments=tuple(dict.fromkeys(run.arguments)),
        actors=tuple(dict.fromkeys(run.actors)),
        left_out=tuple(run.left_out),
        share=1 - sum(template.weight for template in kept.values()) / total,
    )


class _Fitting:
    def __init__(self, session: Session, actors: Sequence[str], until: float) -> None:
        self._session, self._known, self._until = session, list(actors), until
        self._paths: dict[str, list[str]] | None = None  # of the data, by route
        self._taken: dict[str, int] = {}  # of a route's paths, by templates without arguments
        self.arguments: list[str] = []
        self.actors: list[str] = []
        self.left_out: list[Excluded] = []
        self._good = 0  # templates with arguments that were there

    @property
    def is_sure(self) -> bool:
        """Whether nothing has to be changed, as far as was seen."""
        return self._good >= ENOUGH and not (self.arguments or self.actors or self.left_out)

    def fit(self, template: Template) -> Template | None:
        """The template as it can be sent here; None: it cannot."""
        asked, first = self._asked_by(template)
        if not _is_missing(first) and not self._lacks_rows(asked):
            self._good += bool(template.arguments)
            return asked
        other = self._with_data_of_here(asked)
        if other is None and _is_missing(first):
            why = f"answered {first.status} here"
            self.left_out.append(Excluded(route=template.route, why=why))
            return None
        if other is None:
            return asked  # some of its rows are there
        self.arguments.append(template.route)
        return self._asked_by(other)[0]

    def _asked_by(self, template: Template) -> tuple[Template, Answer]:
        """Who of its actors is let in, where none is, who else; and what they were answered.

        Where anonymous visitors are let in, so is everybody.
        """
        said = sorted((a for a in template.actors if a in self._known), key=rights)
        first = self._first(template, said[0] if said else "anonymous")
        if not said or not _is_denied(first):
            return template, first
        let_in = self._let_in(template, said[1:])
        if not let_in:
            others = [actor for actor in self._known if actor not in said]
            let_in = self._let_in(template, sorted(others, key=rights))[:1]
        if not let_in:
            return template, first  # nobody is: that is its answer
        self.actors.append(template.route)
        return replace(template, actors=tuple(a for a, _ in let_in)), let_in[0][1]

    def _let_in(self, template: Template, actors: Sequence[str]) -> list[tuple[str, Answer]]:
        answers = [(actor, self._first(template, actor)) for actor in actors]
        return [(actor, answer) for actor, answer in answers if not _is_denied(answer)]

    def _lacks_rows(self, template: Template) -> bool:
        """Whether others than the first are missing: the last one, and the highest number."""
        rows = template.arguments
        highest = max(range(len(rows)), key=lambda i: _size(rows[i]), default=0)
        some = {len(rows) - 1, highest} - {0, -1}
        return not all(self._is_there(template, rows[i]) for i in sorted(some))

    def _is_there(self, template: Template, row: Mapping[str, str]) -> bool:
        """Whether a row is answered for; taken for granted when there is no time to ask."""
        actor = min((a for a in template.actors if a in self._known), key=rights, default="")
        late = time.monotonic() > self._until
        return late or not _is_missing(self._send(template, row, actor))

    def _first(self, template: Template, actor: str) -> Answer:
        return self._send(template, next(iter(template.arguments), {}), actor)

    def _send(self, template: Template, row: Mapping[str, str], actor: str) -> Answer:
        sent = template.filled(row, 1)
        request = Request(
            path=sent.path,
            method=template.method,
            actor=actor or "anonymous",
            body=sent.body.decode("utf-8", "replace"),
            content_type=sent.content_type,
        )
        return send(self._session, request, timeout=REQUEST_SECONDS)

    def _with_data_of_here(self, template: Template) -> Template | None:
        """The same request for rows that are there; None where there are none, or no route."""
        route, paths = self._paths_like(template)
        if not paths:
            return None
        if rows := _rows(template, paths):
            good = tuple(row for row in rows if self._is_there(template, row))
            return replace(template, arguments=good) if good else None
        turn = self._taken[route] = self._taken.get(route, -1) + 1
        path, query = paths[turn % len(paths)], template.path.partition("?")[2]
        named = f"{template.method} {route}"
        made = replace(template, route=named, path=path + (f"?{query}" if query else ""))
        return None if _is_missing(self._asked_by(made)[1]) else made

    def _paths_like(self, template: Template) -> tuple[str, list[str]]:
        first = template.filled(next(iter(template.arguments), {}), 1).path.partition("?")[0]
        route = self._session.call("resolve", paths=[first])[0]
        return (str(route), self._of_data().get(route, [])) if route else ("", [])

    def _of_data(self) -> dict[str, list[str]]:
        if self._paths is None:
            self._paths = {}
            with suppress(NuagesError):
                told = self._session.call("targets", limit_per_route=ROWS, timeout=300)
                for target in told["targets"]:
                    self._paths.setdefault(target["route"], []).append(target["path"])
        return self._paths


def _is_missing(answer: Answer) -> bool:
    return answer.status in _MISSING


def _size(row: Mapping[str, str]) -> int:
    return max((int(text) for text in row.values() if text.isdecimal()), default=0)


def _is_denied(answer: Answer) -> bool:
    return state_of(answer)[0] == "denied"


def _rows(template: Template, paths: Sequence[str]) -> list[Mapping[str, str]]:
    """Arguments that make these paths of the template; its query keeps its own."""
    parts = PLACEHOLDER.split(template.path.partition("?")[0])
    names = parts[1::2]
    if not names or len(set(names)) < len(names):
        return []
    pattern = re.compile("".join(
        f"(?P<{part}>[^/]+)" if i % 2 else re.escape(part) for i, part in enumerate(parts)
    ))  # fmt: skip
    found = [match.groupdict() for path in paths if (match := pattern.fullmatch(path))]
    old = template.arguments or ({},)
    return [{**old[i % len(old)], **row} for i, row in enumerate(found)]
