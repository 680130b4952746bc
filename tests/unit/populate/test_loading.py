"""Lines for LOAD DATA, through a pipe."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.unit.populate.works import POOL, key, text, work

from nuages.populate.loading import Lines, piped
from nuages.populate.planning import plan


def test_what_separates_is_escaped() -> None:
    odd = ["tab\there", "new\nline", "back\\slash", None, b"\x00\xff"]
    pool = {"note": [odd[n % len(odd)] for n in range(POOL)]}
    planned = plan(work(key(), text("note"), rows=POOL, pool=pool))
    lines = b"".join(Lines(planned).batches(lambda rows: None)).splitlines()
    assert len(lines) == POOL
    notes = {line.partition(b"\t")[2] for line in lines}
    assert notes == {rb"tab\there", rb"new\nline", rb"back\\slash", rb"\N", b"00ff"}


def test_everything_arrives() -> None:
    read: list[bytes] = []
    sent = piped((b"x" * 100_000 for _ in range(20)), lambda path: read.append(_read(path)))
    assert sent == len(read[0]) == 2_000_000


def test_a_reader_that_never_begins_ends_it() -> None:
    def refused(path: str) -> None:
        raise RuntimeError("no local files, please")

    with pytest.raises(RuntimeError, match="no local files"):
        piped([b"x" * 1_000_000], refused)


def test_a_reader_that_stops_ends_it() -> None:
    def stops(path: str) -> None:
        with open(path, "rb") as pipe:
            pipe.read(10)
        raise RuntimeError("duplicate key")

    with pytest.raises(RuntimeError, match="duplicate key"):
        piped((b"x" * 1_000_000 for _ in range(50)), stops)


def test_a_maker_that_fails_is_heard() -> None:
    def broken() -> Iterator[bytes]:
        yield b"row\n"
        raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"):
        piped(broken(), lambda path: print(len(_read(path))))


def _read(path: str) -> bytes:
    return Path(path).read_bytes()
