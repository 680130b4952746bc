"""What comes of exercising one version of a project."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from nuages.answers import Answer
from nuages.model import Recording

ALL: frozenset[str] = frozenset()  # no test is named: the whole command is run


@dataclass(frozen=True, kw_only=True, slots=True)
class RunOutcome:
    """What came of exercising one version of the project."""

    recording: Recording
    answers: tuple[Answer, ...] = ()
    tests: Mapping[str, bool] = field(default_factory=dict)  # test id → passed
    error: str | None = None  # the run as a whole failed
    seconds: float = 0.0


# (edits, tests to run) → outcome; a door without tests does the same whatever is named.
Run = Callable[[Mapping[str, str], frozenset[str]], RunOutcome]
