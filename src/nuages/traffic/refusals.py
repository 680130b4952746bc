"""When a crawl stops asking: an actor is turned away, or waits too long."""

from __future__ import annotations

from collections import Counter

from nuages.answers import Answer
from nuages.traffic.coverage import TOO_LONG, is_login_page, state_of

_EVERYWHERE = "*"
_AREA_DENIALS = 5  # distinct requests turned away before a whole area counts as closed
_SLOW_PAGES = 4


class Refusals:
    """Where to stop asking: an actor is turned away from a route or an area, or waits too long."""

    def __init__(self) -> None:
        self._denied: Counter[tuple[str, str]] = Counter()
        self._let_in: set[tuple[str, str]] = set()
        self._slow: Counter[tuple[str, str]] = Counter()

    def note(self, route: str, actor: str, answer: Answer) -> None:
        denied = state_of(answer)[0] == "denied"
        for door in (route, _area(route), _EVERYWHERE):
            if answer.status == TOO_LONG:
                self._slow[door, actor] += 1
            elif denied:
                self._denied[door, actor] += 1
            elif not is_login_page(answer.request.path):
                self._let_in.add((door, actor))

    def closed(self, route: str, actor: str) -> bool:
        area, once = _area(route), 1 if actor == "anonymous" else 3
        if self._slow[route, actor] or actor in self.given_up():
            return True
        if self._denied[area, actor] >= _AREA_DENIALS and (area, actor) not in self._let_in:
            return True
        return self._denied[route, actor] >= once

    def given_up(self) -> dict[str, str]:
        """Actors for whom everything takes too long."""
        return {
            actor: f"{times} pages in a row took too long"
            for (door, actor), times in self._slow.items()
            if door == _EVERYWHERE and times >= _SLOW_PAGES and (door, actor) not in self._let_in
        }


def _area(route: str) -> str:
    """The part of a site that a route is in, by its first segment: `/admin/*`."""
    return "/" + route.strip("/^").split("/")[0] + "/*"
