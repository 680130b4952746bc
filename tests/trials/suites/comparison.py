"""What ended otherwise under the recorder than without it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tests.trials.suites.running import Ending, Run

ABSENT = Ending(outcomes=("not run",))
RUNNABLE = re.compile(r"[\w.]+\.\w+|\S+\.py::.+")  # an id that a runner takes as a label


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One test that ended in two ways."""

    test: str
    plain: Ending
    recorded: Ending

    @property
    def is_runnable(self) -> bool:
        """Whether the id names a test by itself; a part of one, or a class's setup, doesn't."""
        return RUNNABLE.fullmatch(self.test) is not None

    def lines(self) -> Iterator[str]:
        """What there is to say about it."""
        before, after = map(", ".join, (self.plain.outcomes, self.recorded.outcomes))
        yield f"{self.test}: {before} → {after}"
        told = self.recorded.detail or self.plain.detail
        yield from (f"    {line}" for line in told.splitlines()[-40:])


def differences(plain: Run, recorded: Run) -> list[Difference]:
    """Every test whose outcome differs, or that only one of the runs has."""
    return [
        Difference(test=test, plain=before, recorded=after)
        for test in sorted(plain.endings.keys() | recorded.endings.keys())
        if (before := plain.endings.get(test, ABSENT)).outcomes
        != (after := recorded.endings.get(test, ABSENT)).outcomes
    ]


def summary(run: Run) -> str:
    """Counts, as a runner gives them."""
    counts = Counter(outcome for ending in run.endings.values() for outcome in ending.outcomes)
    told = ", ".join(f"{count:,} {outcome}" for outcome, count in counts.most_common())
    faults = run.meta.get("recorder_faults", "0")
    recorded = f"; {run.queries:,} queries, {faults} faults of the recorder" if run.meta else ""
    return f"{len(run.endings):,} tests in {run.seconds:.0f} s: {told or 'none'}{recorded}"


def repeated(found: Sequence[Difference], again: Mapping[str, Difference]) -> Iterator[str]:
    """Each difference, and whether the test, run alone, differed once more."""
    for difference in found:
        yield from difference.lines()
        if difference.is_runnable:
            verdict = "differs" if difference.test in again else "does not differ"
            yield f"    run again with the others of this list, it {verdict}"
