"""Proof of statelessness: users' journeys spread over replicas, against the same on one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, replace
from itertools import zip_longest
from typing import Any, Literal

from nuages.answers import Answer, Masks, Verdict, compare_all, learn
from nuages.errors import NuagesError
from nuages.stateless.browser import Browser, Turn
from nuages.stateless.journeys import Journey, Step
from nuages.stateless.replicas import Replica

# Fresh processes on fresh data, as many as asked for. Each time from the same state: what a
# process keeps in its memory would else pass for what changes by itself.
StartReplicas = Callable[[int], AbstractContextManager[Sequence[Replica]]]
Turns = Callable[[int, int], Turn]  # a user's number, and how many replicas there are
Outcome = Literal["same", "different", "not comparable"]


@dataclass(frozen=True, kw_only=True)
class Difference:
    """An answer that another replica gave otherwise than the one that had seen it all."""

    route: str
    user: str
    step: str  # "3. POST /cart/"
    before: str  # steps of the same user on other replicas: what this one may have missed
    reason: str
    excerpt: str = ""


@dataclass(frozen=True, kw_only=True)
class RouteProof:
    """What was compared of one route."""

    route: str
    answers: int
    outcome: Outcome
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class StatelessProof:
    """What the journeys showed."""

    replicas: int
    routes: tuple[RouteProof, ...]
    differences: tuple[Difference, ...]

    @property
    def holds(self) -> bool:
        """Whether some answers could be compared, and all those were the same."""
        return not self.differences and any(route.outcome == "same" for route in self.routes)

    def to_json(self) -> dict[str, Any]:
        """Plain data, as `--json` prints it."""
        return {"schema": 1, "holds": self.holds, **asdict(self)}


def prove(
    journeys: Sequence[Journey], start: StartReplicas, *, replicas: int = 3
) -> StatelessProof:
    """Walk the journeys on one replica, twice, then spread over several, twice, and compare.

    The two walks on one teach what changes by itself. Of the two on several, the first sends each
    request of a user to another replica than the one before; the second sends what writes to one
    and what reads to the others. Raises NuagesError when the journeys hold no request.
    """
    if not any(journey.steps for journey in journeys):
        raise NuagesError(
            "no journey to walk", hint="see docs/how-to/stateless.md", slug="no-journey"
        )
    alone = _walk(journeys, start, 1, _by_turns)
    if not any(answer.status for answer in alone):
        raise NuagesError(
            f"no replica answered: {alone[0].exception}", hint="does the project start?",
            slug="no-answer",
        )  # fmt: skip
    masks = learn(alone, _walk(journeys, start, 1, _by_turns))
    spread = [_walk(journeys, start, replicas, turns) for turns in (_by_turns, _apart)]
    verdicts = [_compared(masks, alone, each) for each in spread]
    return StatelessProof(
        replicas=replicas,
        routes=tuple(_routes(alone, verdicts)),
        differences=tuple(_differences(journeys, alone, verdicts)),
    )


def _walk(
    journeys: Sequence[Journey], start: StartReplicas, replicas: int, turns: Turns
) -> list[Answer]:
    with start(replicas) as running:
        browsers = [
            Browser(journey.user, running, turns(user, replicas))
            for user, journey in enumerate(journeys)
        ]
        return [browsers[user].take(number, step) for user, number, step in _in_turn(journeys)]


def _by_turns(user: int, _: int) -> Turn:
    return lambda number, step: user + number


def _apart(_: int, replicas: int) -> Turn:
    """Writes, logins among them, at the first replica; reads at the others."""
    others = max(1, replicas - 1)
    return lambda number, step: 0 if step.writes else 1 + number % others


def _compared(masks: Masks, alone: Sequence[Answer], spread: Sequence[Answer]) -> list[Verdict]:
    """Verdicts on each answer; where most of one changes by itself, the rest can still differ."""
    unfit = {request: why for request, why in masks.not_comparable.items()
             if request not in masks.paths}  # fmt: skip
    strict = compare_all(masks, alone, spread)
    lenient = compare_all(replace(masks, not_comparable=unfit), alone, spread)
    return [
        other if other.result == "different" else verdict
        for verdict, other in zip(strict, lenient, strict=True)
    ]


def _in_turn(journeys: Sequence[Journey]) -> Iterator[tuple[int, int, Step]]:
    """A step of each user, then the next of each: what leaks between users is seen as well."""
    for number, steps in enumerate(zip_longest(*(journey.steps for journey in journeys))):
        for user, step in enumerate(steps):
            if step is not None:
                yield user, number, step


def _routes(answers: Sequence[Answer], runs: Sequence[Sequence[Verdict]]) -> Iterator[RouteProof]:
    found: dict[str, list[tuple[Outcome, str]]] = defaultdict(list)
    for run in runs:
        for answer, verdict in zip(answers, run, strict=True):
            found[answer.route].append(_outcome(answer, verdict))
    for route, outcomes in sorted(found.items()):
        outcome, reason = max(outcomes, key=lambda each: _RANK[each[0]])
        yield RouteProof(route=route, answers=len(outcomes), outcome=outcome, reason=reason)


# A route is as good as its worst answer; a refusal among answers says nothing against them.
_RANK: dict[Outcome, int] = {"not comparable": 0, "same": 1, "different": 2}


def _outcome(answer: Answer, verdict: Verdict) -> tuple[Outcome, str]:
    if verdict.result == "different":
        return "different", verdict.reason
    if not 100 <= answer.status < 400:
        return "not comparable", f"it was refused: {answer.status or answer.exception}"
    if verdict.is_same:
        return "same", ""
    return "not comparable", verdict.reason


def _differences(
    journeys: Sequence[Journey], answers: Sequence[Answer], runs: Sequence[Sequence[Verdict]]
) -> Iterator[Difference]:
    """Each differing step once, whichever of the runs showed it, in the order of the walk."""
    places = list(_in_turn(journeys))
    for place, answer, *verdicts in zip(places, answers, *runs, strict=True):
        different = next((each for each in verdicts if each.result == "different"), None)
        if different is None:
            continue
        user, number, step = place
        earlier = [f"{n + 1}. {other.label}" for n, other in
                   enumerate(journeys[user].steps[:number])]  # fmt: skip
        yield Difference(
            route=answer.route, user=journeys[user].user, step=f"{number + 1}. {step.label}",
            before=", ".join(earlier[-4:]), reason=different.reason, excerpt=different.excerpt,
        )  # fmt: skip
