"""What names a finding from run to run, while lines move, columns are added and times differ."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from hashlib import sha256

from nuages.model import Finding, Location

LENGTH = 16  # hexadecimal digits: 64 bits
# A lookup path says what a finding is about; what an index is made of changes with the data.
BY_PATH = frozenset({
    "select_related", "prefetch_related", "annotate", "in_bulk", "only", "defer", "values",
})  # fmt: skip
# The columns that Django lists: a field added to a model does not make another statement of it.
COLUMNS = re.compile(r'\b(SELECT(?: DISTINCT)?) (?:[`"\[]?\w+[`"\]]?\.[`"\[]?\w+[`"\]]?(?:, )?)+')
NUMBERS = re.compile(r"\d[\d,.]*")


def fingerprints(findings: Sequence[Finding]) -> list[str]:
    """The name of each finding; alike ones are told apart by their order in the file."""
    order = sorted(range(len(findings)), key=lambda index: _position(findings[index]))
    seen: Counter[str] = Counter()
    names = [""] * len(findings)
    for index in order:
        name = fingerprint(findings[index])
        seen[name] += 1
        names[index] = name if seen[name] == 1 else f"{name}-{seen[name]}"
    return names


def fingerprint(finding: Finding) -> str:
    """Of the rule, the file, the function, and what it is about there."""
    location = place(finding)
    function = location.function if location else ""
    return hashed((
        finding.rule,
        f"{location.root}:{location.file}" if location else "",
        function,
        # Words tell of routes and of figures too: only where nothing else tells findings apart.
        _exact(finding) or ("" if function else subject(finding)),
    ))  # fmt: skip


def hashed(parts: Iterable[str]) -> str:
    """A short name for these texts."""
    return sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:LENGTH]


def place(finding: Finding) -> Location | None:
    """Where a finding is said to be: the line to blame, else a template's, else the queryset's."""
    return finding.location or finding.trigger or finding.created_at


def subject(finding: Finding) -> str:
    """What a finding is about: a lookup path, a statement, or what its message names."""
    return _exact(finding) or NUMBERS.sub("#", finding.message)


def _exact(finding: Finding) -> str:
    if finding.remedy.kind in BY_PATH and finding.remedy.path:
        return finding.remedy.path
    return normal(finding.evidence.sql) if finding.evidence.sql else ""


def normal(sql: str) -> str:
    """A statement without the columns that it selects."""
    return COLUMNS.sub(r"\1 … ", sql)


def _position(finding: Finding) -> tuple[int, int]:
    location = place(finding)
    return (location.line, location.column or 0) if location else (0, 0)
