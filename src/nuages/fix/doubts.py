"""What else edits have to stand, once the run that shows their gain speaks for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from nuages.answers import Masks
from nuages.budget import TimeBudget
from nuages.model import Finding, Recording


class Doubt(Protocol):
    """A run of another kind, with the edits of findings and without."""

    @property
    def stands(self) -> str:
        """What is said of the edits that stand it."""

    @property
    def falls(self) -> str:
        """What is said before the reason why one does not."""

    def accused(self, findings: Sequence[Finding]) -> dict[int, str] | None:
        """With all these edits: what breaks, by the numbers of those that may have broken it.

        None where there is no such run.
        """


# Sources, a recording of what edits reach, what was learnt to vary by itself → what to stand.
Doubts = Callable[[Mapping[str, str], Recording, Masks], Sequence[Doubt]]


def guilty(doubt: Doubt, findings: Sequence[Finding], until: TimeBudget) -> dict[int, str] | None:
    """Which findings' edits break something by themselves, by their number, and what.

    All that are accused where none does by itself, or the time is over. None: there is no such run.
    """

    def accused(numbers: Sequence[int]) -> dict[int, str] | None:
        told = doubt.accused([findings[number] for number in numbers])
        return None if told is None else {numbers[index]: why for index, why in told.items()}

    def by_themselves(together: dict[int, str]) -> dict[int, str]:
        if len(together) < 2 or until.is_over:
            return together
        numbers, middle = list(together), len(together) // 2
        halves = (accused(half) or {} for half in (numbers[:middle], numbers[middle:]))
        return {n: why for half in halves for n, why in by_themselves(half).items()} or together

    found = accused(range(len(findings)))
    return found and by_themselves(found)
