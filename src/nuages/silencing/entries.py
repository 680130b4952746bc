"""The entries of `[tool.nuages] ignore`: a rule, in some files or on some routes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from nuages.model import Finding

ANY = "*"  # every rule; only with a target


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """ "rule", "rule:path/*.py", "rule:GET /path/*"."""

    text: str
    key: str  # "tool.nuages.ignore[0]"
    rule: str
    target: str

    def is_about(self, finding: Finding) -> bool:
        """Whether it silences a finding."""
        if self.rule not in (ANY, finding.rule):
            return False
        if not self.target:
            return True
        places = (finding.location, finding.created_at, finding.trigger)
        if any(place is not None and matches(place.file, self.target) for place in places):
            return True
        # On other routes it would go on to cost.
        return bool(finding.routes) and all(matches(name, self.target) for name in finding.routes)


def parse(texts: Sequence[str]) -> tuple[Entry, ...]:
    """The entries, in their order."""
    return tuple(_entry(number, text) for number, text in enumerate(texts))


def _entry(number: int, text: str) -> Entry:
    rule, _, target = text.partition(":")
    key = f"tool.nuages.ignore[{number}]"
    return Entry(text=text, key=key, rule=rule.strip(), target=target.strip())


def matches(name: str, pattern: str) -> bool:
    """Whether a path or a route is as a pattern says: * is anything, all else is itself."""
    words = (re.escape(part) for part in pattern.split("*"))
    return re.fullmatch(".*".join(words), name, re.DOTALL) is not None
