"""Results that may be kept, as somebody said how old they may be."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from nuages.edits.caching import RULE
from nuages.model import Finding, Fix, Remedy


def kept_for(findings: Iterable[Finding], seconds: int | None) -> tuple[Finding, ...]:
    """The same, where those of queries to be kept may have their edit; all as they are for None."""
    if seconds is None:
        return tuple(findings)
    return tuple(_kept(one, seconds) if one.rule == RULE else one for one in findings)


def _kept(finding: Finding, seconds: int) -> Finding:
    remedy = Remedy(kind="cache", path=str(seconds))
    return replace(finding, remedy=remedy, fix=Fix(status="none"))
