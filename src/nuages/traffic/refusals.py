"""When a crawl stops asking: an actor is turned away, or waits too long."""

from __future__ import annotations

from collections import Counter

from nuages.answers import Answer
from nuages.traffic.coverage import TOO_LONG, is_login_page, state_of

_EVERYWHERE = "*"
_AREA_REFUSALS = 5  # requests turned away before a whole area counts as closed
_LET_IN_SHARE = 4  # an area stays open when one request in so many is let in
_SLOW_PAGES = 4


class Refusals:
    """Where to stop asking: an actor is turned away from a route or an area, or waits too long."""

    def __init__(self) -> None:
        self._refused: Counter[tuple[str, str]] = Counter()
        self._let_in: Counter[tuple[str, str]] = Counter()
        self._slow: Counter[tuple[str, str]] = Counter()

    def note(self, route: str, actor: str, answer: Answer) -> None:
        counted = self._let_in
        if answer.status == TOO_LONG:
            counted = self._slow
        elif state_of(answer)[0] == "denied":
            counted = self._refused
            counted[route, actor] += 1
        elif answer.status == 404 and actor != "staff":
            counted = self._refused  # how many sites say no to who may not know
        elif is_login_page(answer.request.path):
            return
        if counted is self._slow:
            counted[route, actor] += 1
        for door in (_area(route), _EVERYWHERE):
            counted[door, actor] += 1

    def closed(self, route: str, actor: str) -> bool:
        area, once = (_area(route), actor), 1 if actor == "anonymous" else 3
        if self._slow[route, actor] or actor in self.given_up():
            return True
        refused = self._refused[area]
        if refused >= _AREA_REFUSALS and self._let_in[area] * _LET_IN_SHARE < refused:
            return True
        return self._refused[route, actor] >= once

    def given_up(self) -> dict[str, str]:
        """Actors for whom everything takes too long."""
        return {
            actor: f"{times} pages in a row took too long"
            for (door, actor), times in self._slow.items()
            if door == _EVERYWHERE and times >= _SLOW_PAGES and not self._let_in[door, actor]
        }


def _area(route: str) -> str:
    """The part of a site that a route is in, by its first segment: `/admin/*`."""
    return "/" + route.strip("/^").split("/")[0] + "/*"
