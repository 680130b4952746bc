"""A page that stays under its size: what matters most is written first, the rest is told."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

# The project's own text is escaped, so that only the report's own links begin with "<a".
_LINK = re.compile(r'(<a\b[^<>]*?) href="#([^"?]*)([^"]*)"')
_ID = re.compile(r'<[a-z][^<>]*? id="([^"]*)"')


class Room:
    """Bytes that are left."""

    def __init__(self, size: int) -> None:
        self.left = size

    def fill(self, pieces: Iterable[str], *, share: float = 1.0) -> Iterator[str]:
        """The pieces, up to the first that does not fit into that share of what is left."""
        keep = self.left * (1 - share)
        for piece in pieces:
            size = size_of(piece)
            if self.left - size < keep:
                return
            self.left -= size
            yield piece


def size_of(text: str) -> int:
    """Bytes of a text as it is written."""
    return len(text.encode("utf-8", "replace"))


def slot(name: str) -> str:
    """What stands in a page for pieces to come; no text of the project can look like it."""
    return f"<!--{name}-->"


def filled(page: str, slots: Mapping[str, str]) -> str:
    """The page with the pieces in their slots."""
    parts = re.split(r"<!--(\w+)-->", page)
    return "".join(slots.get(part, "") if i % 2 else part for i, part in enumerate(parts))


def without_dangling_links(page: str) -> str:
    """Links to what was left out become plain text: an `a` without an address."""
    ids = set(_ID.findall(page))

    def kept(match: re.Match[str]) -> str:
        return match[0] if match[2] in ids else match[1]

    return _LINK.sub(kept, page)
