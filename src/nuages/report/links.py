"""The ids of the report's pages: words or a hash of what they show, so that links survive a run."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence

from nuages.model import Finding, Statement

CHARACTERS = 100  # of an id


def anchor(*parts: str) -> str:
    """An id made of words: "n-plus-one-feed-views-py-48"."""
    words = re.findall(r"[a-z0-9]+", " ".join(parts).lower())
    return "-".join(words)[:CHARACTERS].rstrip("-") or "page"


def finding_ids(findings: Sequence[Finding]) -> list[str]:
    """The id of each finding: what it is and where."""
    return _told_apart(_finding(finding) for finding in findings)


def route_ids(names: Iterable[str]) -> dict[str, str]:
    """Name of a route, task or command → id."""
    known = list(names)
    ids = _told_apart(anchor("route", name) for name in known)
    return dict(zip(known, ids, strict=True))


def statement_id(statement: Statement) -> str:
    """SQL is long, so its id is a hash."""
    text = f"{statement.alias}\0{statement.sql}".encode("utf-8", "replace")
    return f"sql-{hashlib.sha256(text).hexdigest()[:10]}"


def _finding(finding: Finding) -> str:
    location = finding.location
    return anchor(finding.rule, *((location.file, str(location.line)) if location else ()))


def _told_apart(names: Iterable[str]) -> list[str]:
    """The names, with "-2" and so on behind those that another had before; none twice."""
    seen: Counter[str] = Counter()
    taken: set[str] = set()
    found = []
    for name in names:
        own = name
        while own in taken:
            seen[name] += 1
            own = f"{name}-{seen[name] + 1}"
        taken.add(own)
        found.append(own)
    return found
