"""How millions of distinct texts are made of one column: a beginning, a number, an ending."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from nuages.agent import matching
from nuages.agent.fill import columns, types, words
from nuages.agent.fill.checks import Checks

LOWER = "0123456789abcdefghijklmnopqrstuvwxyz"
LETTERS = LOWER[10:]
ALPHABETS = (LOWER, LOWER.upper(), LOWER[:10], LOWER[:16], LETTERS, LETTERS.upper())
BEGINNINGS = 60
LISTED = 2000  # values of a column for which only the validators' own patterns give any
AMPLE = 2_000_000_000  # texts: no other shape needs to be looked for
_WIDTHS = (7, 6, 5, 4, 3, 2, 1)  # digits; 36**7 is 78 billion
_WHOLE = 64  # a column up to so long may want to be full: keys of 40 hexadecimal digits


@dataclass(frozen=True)
class Mark:
    """Texts `beginning + number in digits of the alphabet + ending`."""

    beginnings: tuple[str, ...]
    ending: str
    alphabet: str
    width: int

    def sample(self, digit: int) -> str:
        return f"{self.beginnings[0]}{self.alphabet[digit] * self.width}{self.ending}"

    @property
    def room(self) -> int:
        """How many there are."""
        return len(self.alphabet) ** self.width

    @property
    def length(self) -> int:
        return max(map(len, self.beginnings)) + self.width + len(self.ending)


def of_field(
    field: Any, connection: Any, rng: random.Random, checks: Checks
) -> dict[str, Any] | None:
    """The mark of a text column, or the distinct values it may hold, as plain values.

    `checks` are the constraints of its table: what one forbids is no mark.

    None for columns that hold no plain text, or texts that do not differ much by nature.
    """
    if field.is_relation or types.family(field) != "text" or not _is_plain(field, connection):
        return None
    if field.choices and not field.unique:
        return None
    telling = _telling(field)
    best: Mark | None = None
    for mark in (*_shapes(field, rng), *_bare_shapes(field, rng)):
        if field.max_length is not None and mark.length > field.max_length:
            continue
        if (best is None or mark.room > best.room) and _is_accepted(field, mark, checks):
            best = mark
            if mark.room >= AMPLE:
                break
    if best is None:
        return {"values": _listed(field, rng), "telling": False}
    return {**asdict(best), "telling": telling}


def _is_accepted(field: Any, mark: Mark, checks: Checks) -> bool:
    samples = [mark.sample(d) for d in (0, len(mark.alphabet) - 1, len(mark.alphabet) // 2)]
    return all(columns.accepted(field, s) and checks.allow(field, s) for s in samples)


def _telling(field: Any) -> bool:
    """Whether rows usually differ in it, unique or not."""
    kind = columns.text_kind(field)
    return not field.choices and kind in ("email", "login", "slug", "code", "title", "url", "phone")


def _is_plain(field: Any, connection: Any) -> bool:
    """Whether the column holds the very text that the field is given: no cipher, no JSON."""
    for text in ("a", "1", "b2"):
        try:
            if str(field.get_db_prep_save(text, connection)) != text:
                return False
        except Exception:
            return False
    return True


def _shapes(field: Any, rng: random.Random) -> Iterator[Mark]:
    """As the column's name wants them."""
    word = [words.word(rng) for _ in range(BEGINNINGS)]
    kind = columns.text_kind(field)
    made: dict[str, tuple[list[str], str]] = {
        "email": ([f"{name.lower()}." for name in words.FIRST], "@example.com"),
        "login": ([name.lower() for name in words.FIRST], ""),
        "slug": ([f"{a}-{b}-" for a, b in zip(word, reversed(word), strict=True)], ""),
        "code": ([a[:3].upper() for a in word], ""),
        "url": ([f"https://example.com/{a}/" for a in word], ""),
        "domain": (word, ".example.com"),
        "phone": (["+336"], ""),
        "html": ([f"<p>{a} " for a in word], "</p>"),
    }
    beginnings, ending = made.get(
        kind, ([f"{a.capitalize()} {b} " for a, b in zip(word, reversed(word), strict=True)], "")
    )
    alphabets = {"code": ALPHABETS[1:3], "phone": ALPHABETS[2:3]}.get(kind, ALPHABETS[:1])
    beginnings = list(dict.fromkeys(beginnings))
    for alphabet in alphabets:
        for width in _WIDTHS[:4] if kind != "phone" else (8,):
            yield Mark(tuple(beginnings), ending, alphabet, width)
        if kind == "email":
            yield from (Mark(("",), "@ex.org", alphabet, width) for width in _WIDTHS[:4])


def _bare_shapes(field: Any, rng: random.Random) -> Iterator[Mark]:
    """Digits only, then digits that fill the column, for validators that are particular."""
    limit = field.max_length or 40
    for alphabet in ALPHABETS:
        for beginning in ("x", "X", ""):
            for width in _WIDTHS:
                yield Mark((beginning,), "", alphabet, width)
        if limit <= _WHOLE:
            width = min(limit, 12)
            fillers = {_filler(alphabet, limit - width, rng) for _ in range(BEGINNINGS)}
            yield Mark(tuple(sorted(fillers)), "", alphabet, width)


def _filler(alphabet: str, length: int, rng: random.Random) -> str:
    return "".join(rng.choice(alphabet) for _ in range(length))


def _listed(field: Any, rng: random.Random) -> list[str]:
    """Distinct values that the validators' patterns, or the choices, allow."""
    if field.choices:
        return [str(key) for key, _ in columns.flat_choices(field) if key not in (None, "")]
    found: dict[str, None] = {}
    patterns = [
        check.regex.pattern
        for check in field.validators
        if hasattr(getattr(check, "regex", None), "pattern")
        and not getattr(check, "inverse_match", False)
    ]
    for number in range(2 * LISTED if patterns else 0):
        made = matching.example(patterns[number % len(patterns)], rng)
        if made is not None and made not in found and columns.accepted(field, made):
            found[made] = None
    return list(found)[:LISTED]
