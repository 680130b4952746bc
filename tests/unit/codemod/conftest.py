"""Sources with the recorded span between « and », and what an edit makes of them."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import dedent

import pytest

from nuages.codemod import Refusal
from nuages.codemod.queryset import add_method
from nuages.model import Location, OriginKind


def span(marked: str, kind: OriginKind = "call") -> tuple[str, Location]:
    """The source without its marks, and the location that they stand for."""
    start = _position(marked[: marked.index("«")])
    before_end = marked[: marked.index("»")].replace("«", "")
    end = _position(before_end)
    location = Location(
        file="posts/views.py",
        line=start[0],
        column=start[1],
        end_line=end[0],
        end_column=end[1],
        kind=kind,
    )
    return marked.replace("«", "").replace("»", ""), location


def _position(text: str) -> tuple[int, int]:
    lines = text.replace("\r\n", "\n").split("\n")
    return len(lines), len(lines[-1])


Edit = Callable[..., str]


@pytest.fixture
def joined() -> Edit:
    """The source with `path` in select_related."""

    def edit(marked: str, path: str = "author", kind: OriginKind = "call") -> str:
        source, location = span(dedent(marked), kind)
        return add_method(source, location, "select_related", path)

    return edit


@pytest.fixture
def prefetched() -> Edit:
    """The source with `path` in prefetch_related."""

    def edit(marked: str, path: str = "tags", kind: OriginKind = "call") -> str:
        source, location = span(dedent(marked), kind)
        return add_method(source, location, "prefetch_related", path)

    return edit


@pytest.fixture
def deferred() -> Edit:
    """The source without columns."""

    def edit(marked: str, path: str, kind: OriginKind = "call") -> str:
        source, location = span(dedent(marked), kind)
        return add_method(source, location, "defer", path)

    return edit


@pytest.fixture
def refused() -> Edit:
    """The reason why an edit is refused."""

    def edit(
        marked: str,
        path: str = "author",
        kind: OriginKind = "call",
        how: str = "select_related",
    ) -> str:
        source, location = span(dedent(marked), kind)
        with pytest.raises(Refusal) as refusal:
            add_method(source, location, how, path)  # type: ignore[arg-type]
        return refusal.value.reason

    return edit
