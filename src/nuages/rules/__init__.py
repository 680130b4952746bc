"""What can be wrong, one rule per file: pure functions of a case."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from pkgutil import iter_modules
from typing import Protocol, cast, runtime_checkable

from nuages.cases import Case
from nuages.model import Finding


class Rule(Protocol):
    """A module of this package; its name is its id with underscores."""

    ID: str

    def find(self, case: Case) -> Iterable[Finding]:
        """The findings of one case, in any order; none where the case lacks what it needs."""


@runtime_checkable
class ReadingRule(Protocol):
    """A rule that names functions by their text alone: no recording could add one."""

    def reads_all(self, case: Case) -> bool:
        """Whether the settings let it speak, so that its silence about a function says much."""


def load_rules() -> tuple[Rule, ...]:
    """Every rule, sorted by id; one that fails to load stops the run."""
    names = sorted(module.name for module in iter_modules(__path__))
    return tuple(cast(Rule, import_module(f"{__name__}.{name}")) for name in names)


def decided(case: Case) -> frozenset[str]:
    """Ids of rules that have told of every function that they could name, if nothing ran."""
    return frozenset(
        rule.ID for rule in load_rules() if isinstance(rule, ReadingRule) and rule.reads_all(case)
    )


def sentence(rule: Rule) -> str:
    """What a rule looks for, in the sentence that its module begins with."""
    return (rule.__doc__ or "").strip().partition("\n")[0]
