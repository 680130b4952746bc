"""What can be wrong, one rule per file: pure functions of a case."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from pkgutil import iter_modules
from typing import Protocol, cast

from nuages.cases import Case
from nuages.model import Finding


class Rule(Protocol):
    """A module of this package; its name is its id with underscores."""

    ID: str

    def find(self, case: Case) -> Iterable[Finding]:
        """The findings of one case, in any order; none where the case lacks what it needs."""


def load_rules() -> tuple[Rule, ...]:
    """Every rule, sorted by id; one that fails to load stops the run."""
    names = sorted(module.name for module in iter_modules(__path__))
    return tuple(cast(Rule, import_module(f"{__name__}.{name}")) for name in names)


def sentence(rule: Rule) -> str:
    """What a rule looks for, in the sentence that its module begins with."""
    return (rule.__doc__ or "").strip().partition("\n")[0]
