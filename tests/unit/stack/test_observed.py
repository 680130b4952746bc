from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from nuages.stack import observed
from nuages.stack.observed import Asked, News


@pytest.fixture
def threads():
    with ThreadPoolExecutor(2) as pool:
        yield pool


def test_a_server_that_hangs_is_waited_for_once(threads, monkeypatch):
    monkeypatch.setattr(observed, "PATIENCE", 0.05)
    let_go, asked = threading.Event(), []

    def read() -> int:
        asked.append(time.monotonic())
        let_go.wait(10)
        return len(asked)

    async def run() -> list[int | None]:
        server = Asked(threads, read)
        late = [await server.answer(), await server.answer()]
        let_go.set()
        await asyncio.sleep(0.1)
        return [*late, await server.answer(), await server.answer()]

    assert asyncio.run(run()) == [None, None, 1, 2]


@pytest.mark.parametrize("error", [psycopg.OperationalError("gone"), OSError("gone")])
def test_a_server_that_refuses_has_no_figures(threads, error):
    def read() -> int:
        raise error

    assert asyncio.run(Asked(threads, read).answer()) is None


def test_news_are_said_and_kept():
    said: list[str] = []
    news = News(say=said.append)
    for number in range(60):
        news(f"web-{number} killed")
    assert len(said) == 60
    assert [text for _, text in news.last] == [f"web-{number} killed" for number in range(10, 60)]
