"""How messages write shares, numbers of things and articles: the same in every rule and report."""

from __future__ import annotations


def percent(share: float, digits: int = 0) -> str:
    """A share of 0..1 with a space before the sign: "34 %"."""
    return f"{100 * share:.{digits}f} %"


def several(number: float, one: str, many: str = "") -> str:
    """ "1 instance", "1,200 instances"."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def with_article(word: str) -> str:
    """ "an UPDATE", "a SELECT"; by its first letter, which does for SQL."""
    return f"an {word}" if word[:1] in "AEIOUaeiou" else f"a {word}"
