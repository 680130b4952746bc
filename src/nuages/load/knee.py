"""Steps the rate up until a budget breaks, then closes in on the highest rate that held it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from nuages.load.running import limit_of_generator
from nuages.load.values import Budget, Knee, LoadResult, Phase

LEAST = 40  # requests of a step: of eight, p95 is whichever was the slowest
LONGEST = 4  # times a step's seconds, for that
LOWEST = 0.5  # requests a second: what a site has to bear that is asked for anything

Run = Callable[[Phase], LoadResult]


@dataclass(frozen=True, kw_only=True)
class Steps:
    """How to look for the knee."""

    start: float = 5.0  # requests a second
    factor: float = 2.0
    most: float = 20_000.0
    seconds: float = 8.0  # of each step
    closeness: float = 0.1  # the knee and the next rate that broke are no further apart
    rates: tuple[float, ...] = ()  # exactly these, upwards, instead
    budget: Budget = field(default_factory=Budget)


def find_knee(
    run: Run, steps: Steps, phase: Phase, *, tell: Callable[[LoadResult], None] = lambda _: None
) -> Knee:
    """The highest rate that held the budget, where the site rather than the generator broke."""
    search = _Search(run, steps, phase, tell)
    search.up()
    if not steps.rates:
        search.down()
    if search.broke is not None and search.limit == "" and not steps.rates:
        search.close_in()
    return Knee(
        rate=search.held,
        why=search.limit or search.why or f"no higher rate than {search.held or 0:g} was tried",
        is_bound=search.broke is not None and not search.limit,
        budget=steps.budget,
        steps=tuple(sorted(search.results, key=lambda result: result.phase.rate)),
    )


class _Search:
    def __init__(
        self, run: Run, steps: Steps, phase: Phase, tell: Callable[[LoadResult], None]
    ) -> None:
        self._run, self._steps, self._phase, self._tell = run, steps, phase, tell
        self.held: float | None = None
        self.broke: float | None = None
        self.why = ""  # of the lowest rate that broke
        self.limit = ""  # what made the generator, not the site, the limit
        self.results: list[LoadResult] = []

    def up(self) -> None:
        for rate in self._rates():
            if not self._holds(rate):
                break

    def down(self) -> None:
        """Where not even the first step held: half of it, and so on."""
        rate = self._steps.start / 2
        while self.held is None and self.limit == "" and rate >= LOWEST and not self._holds(rate):
            rate /= 2

    def close_in(self) -> None:
        """Halve the gap between what held and what broke; once more where a break was chance."""
        held, broke = self.held, self.broke
        while held and broke and broke / held > 1 + self._steps.closeness:
            middle = (held * broke) ** 0.5
            if self._holds(middle):
                held = middle
            else:
                broke = middle
            if self.limit:
                break

    def _rates(self) -> tuple[float, ...]:
        if self._steps.rates:
            return tuple(sorted(self._steps.rates))
        found, rate = [], self._steps.start
        while rate <= self._steps.most:
            found.append(rate)
            rate *= self._steps.factor
        return tuple(found)

    def _seconds(self, rate: float) -> float:
        """Longer where few requests would be sent; a rate that was asked for is sent as asked."""
        usual = self._steps.seconds
        return usual if self._steps.rates else min(max(usual, LEAST / rate), usual * LONGEST)

    def _holds(self, rate: float) -> bool:
        phase = replace(self._phase, rate=rate, seconds=self._seconds(rate))
        result = self._run(phase)
        self.results.append(result)
        self._tell(result)
        fault = result.broken(self._steps.budget)
        is_late = result.lag.percentile_ms(0.95) > self._steps.budget.p95_ms
        if (fault or is_late) and (limit := limit_of_generator(result)):
            self.limit = f"the generator was the limit at {rate:.4g}/s: {limit}"
            return False
        if fault:
            self.broke, self.why = rate, f"at {rate:.4g}/s {fault}"
            return False
        self.held = max(self.held or 0.0, rate)
        return True
