"""Plausible text by the column's name: people, places, titles, codes."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from functools import lru_cache

FIRST = """
    Ada Alan Amina Chen Django Elena Fatou Grace Hugo Ines Jonas Kofi Lea Maya Nils
    Olga Pavel Rosa Sven Yuki
""".split()  # noqa: SIM905
_LAST = """
    Baker Diallo Evans Fischer Garcia Haddad Ito Jansen Kowalski Lopez Moreau Novak
    Okafor Petit Reinhardt Silva Turner Weber
""".split()  # noqa: SIM905
_WORDS = """
    amber basin cloud delta ember field grove harbor island jungle kernel lagoon
    meadow north ocean prairie quartz river summit timber upland valley willow
    yonder zephyr
""".split()  # noqa: SIM905
_CITIES = ("Paris", "Lyon", "Gent", "Berlin", "Lisbon", "Oslo", "Porto", "Turin", "Vienna")
_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"

_BY_NAME: tuple[tuple[str, str], ...] = (
    (r"e?mail", "email"),
    (r"user_?name|login|nick|handle", "login"),
    (r"first_?name|given", "first"),
    (r"last_?name|surname|family", "last"),
    (r"phone|mobile|tel(ephone)?$|fax", "phone"),
    (r"url|link|website|homepage|href", "url"),
    (r"slug", "slug"),
    (r"colou?r|hex", "color"),
    (r"currency", "currency"),
    (r"country", "country"),
    (r"lang(uage)?(_code)?$|locale", "language"),
    (r"time_?zone|^tz$", "timezone"),
    (r"city|town|place", "city"),
    (r"zip|post_?code|postal", "zip"),
    (r"ip(_?address)?$", "ip"),
    (r"domain|host(name)?$", "domain"),
    (r"mime|content_?type|media_?type", "mime"),
    (r"html|rich", "html"),
    (r"code|sku|isbn|ref(erence)?$|token|key$|hash|secret|number|uid|identifier", "code"),
    (r"(^|_)name$|title|subject|label|heading", "title"),
)
_COMPILED = tuple((re.compile(pattern, re.I), kind) for pattern, kind in _BY_NAME)


@lru_cache(maxsize=50_000)
def kind_of(name: str) -> str:
    """What sort of text a column of this name holds; "text" when the name tells nothing."""
    return next((kind for pattern, kind in _COMPILED if pattern.search(name)), "text")


def base36(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = _ALPHABET[digit] + digits
    return digits or "0"


def word(rng: random.Random) -> str:
    return rng.choice(_WORDS)


def sentence(rng: random.Random, words: int) -> str:
    return " ".join(word(rng) for _ in range(words)).capitalize()


def paragraph(rng: random.Random) -> str:
    return " ".join(sentence(rng, rng.randint(6, 12)) + "." for _ in range(rng.randint(2, 5)))


def text(kind: str, number: int, rng: random.Random) -> str:
    """A text of that kind; `number`, the row's own, makes it one of its kind."""
    from django.conf import settings

    mark = base36(number)
    made: dict[str, Callable[[], str]] = {
        "email": lambda: f"{rng.choice(FIRST).lower()}.{mark}@example.com",
        "login": lambda: f"{rng.choice(FIRST).lower()}{mark}",
        "first": lambda: rng.choice(FIRST),
        "last": lambda: rng.choice(_LAST),
        "phone": lambda: f"+3361{number % 10_000_000:07d}",
        "url": lambda: f"https://example.com/{word(rng)}/{mark}",
        "slug": lambda: f"{word(rng)}-{word(rng)}-{mark}",
        "color": lambda: f"#{rng.randrange(1 << 24):06x}",
        "currency": lambda: "EUR",
        "country": lambda: "FR",
        "language": lambda: str(settings.LANGUAGE_CODE),
        "timezone": lambda: "UTC",
        "city": lambda: rng.choice(_CITIES),
        "zip": lambda: f"{10000 + number % 89999}",
        "ip": lambda: f"10.{number // 65536 % 256}.{number // 256 % 256}.{number % 256}",
        "domain": lambda: f"{word(rng)}{mark}.example.com",
        "mime": lambda: "text/plain",
        "html": lambda: f"<p>{paragraph(rng)}</p>",
        "code": lambda: f"{word(rng)[:3].upper()}{mark.upper():0>5}",
        "title": lambda: f"{sentence(rng, rng.randint(2, 4))} {mark}",
        "text": lambda: f"{sentence(rng, rng.randint(3, 7))} {mark}",
    }
    return made[kind]()


def fitted(value: str, limit: int | None, number: int, *, unique: bool) -> str:
    """Cut to a maximum length; a unique value keeps the row's mark at its end."""
    if limit is None or len(value) <= limit:
        return value
    mark = base36(number)
    if not unique:
        return value[:limit].rstrip(" -.") or value[:limit]
    if limit <= len(mark):
        return mark[-limit:]
    if "@" in value:
        return f"{mark}@ex.org"[:limit]
    return value[: limit - len(mark)] + mark
