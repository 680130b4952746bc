"""A cache server that fails is an empty cache, and is not asked again at once."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("redis")

from nuages.agent import stack_cache
from nuages.agent.stack_cache import StackCache


@pytest.fixture
def gone(tmp_path: Path) -> StackCache:
    return StackCache(f"unix://{tmp_path}/gone.sock", {})


def test_every_call_answers_as_an_empty_cache_would(gone: StackCache) -> None:
    gone.set("a", 1)
    gone.delete_many(["a"])
    assert gone.get("a") is None
    assert gone.get("a", 7) == 7
    assert gone.get_many(["a", "b"]) == {}
    assert gone.set_many({"a": 1}) == []
    assert gone.get_or_set("a", lambda: 5) == 5
    for told in (gone.add("a", 1), gone.touch("a"), gone.delete("a"), gone.has_key("a"),
                 "a" in gone, gone.clear()):  # fmt: skip
        assert told is False
    with pytest.raises(ValueError, match="not found"):
        gone.incr("a")


@pytest.fixture
def silent(tmp_path: Path) -> Iterator[tuple[str, list[float]]]:
    """A server that takes connections and never answers: its address, when each came."""
    path, came = str(tmp_path / "silent.sock"), []
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        held = []

        def accept() -> None:
            while True:
                try:
                    held.append(listener.accept()[0])
                except OSError:
                    return
                came.append(time.monotonic())

        threading.Thread(target=accept, daemon=True).start()
        yield f"unix://{path}", came
        listener.shutdown(socket.SHUT_RDWR)


def test_a_server_that_hangs_is_waited_for_once(
    silent: tuple[str, list[float]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stack_cache, "ANSWER_SECONDS", 0.1)
    address, came = silent
    cache = StackCache(address, {})
    started = time.monotonic()
    assert [cache.get("a") for _ in range(50)] == [None] * 50
    assert time.monotonic() - started < stack_cache.REST
    assert len(came) <= 2  # once, and once more at once


def test_values_that_the_project_gave_its_cache_are_kept(tmp_path: Path) -> None:
    cache = StackCache(f"unix://{tmp_path}/s", {"TIMEOUT": 7, "KEY_PREFIX": "p", "VERSION": 3})
    assert cache.make_key("k") == "p:3:k"
    assert cache.get_backend_timeout() == 7
