from __future__ import annotations

import asyncio
import socket

import pytest

from nuages.stack.home import StackError
from nuages.up import status


async def answer(path: str) -> status.Answer:
    return 200, "text/plain", f"{path}\n"


def ask(first: str, host: str = "127.0.0.1:8001") -> tuple[int, str, str]:
    told = asyncio.run(status.respond(f"{first}\r\nHost: {host}\r\n\r\n", answer)).decode()
    head, _, body = told.partition("\r\n\r\n")
    return int(head.split()[1]), head, body


def test_a_page_of_its_own_may_be_asked_and_no_other():
    code, head, body = ask("GET /status.json?x=1 HTTP/1.1")
    assert (code, body) == (200, "/status.json\n")
    assert "default-src 'none'" in head
    assert "Cache-Control: no-store" in head


@pytest.mark.parametrize("host", ["localhost", "localhost:8001", "[::1]:8001", "127.0.0.1"])
def test_names_of_this_machine(host):
    assert ask("GET / HTTP/1.1", host)[0] == 200


@pytest.mark.parametrize("host", ["", "evil.example", "127.0.0.1.evil.example:8001", "10.0.0.1"])
def test_a_name_that_points_here_is_not_enough(host):
    code, _, body = ask("GET /status.json HTTP/1.1", host)
    assert code == 403
    assert "status.json" not in body


def test_nothing_is_changed_over_it():
    assert ask("POST / HTTP/1.1")[0] == 405
    code, head, body = ask("HEAD / HTTP/1.1")
    assert (code, body) == (200, "")
    assert "Content-Length: 2" in head


@pytest.mark.parametrize("head", ["nonsense\r\n\r\n", "\r\n\r\n"])
def test_what_is_no_request_is_none(head):
    with pytest.raises(ValueError, match="unpack"):
        asyncio.run(status.respond(head, answer))


def test_it_takes_the_first_free_port_after_the_balancers():
    with socket.socket() as taken:
        taken.bind((status.HERE, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with status.listen(0, port - 1) as found:
            assert found.getsockname()[1] != port
        with pytest.raises(StackError, match="address already in use"):
            status.listen(port, 8000)


def test_its_files_are_there_and_ask_nothing_of_the_network():
    for name, _ in status.FILES.values():
        text = (status.PAGES / name).read_text("utf-8")
        assert "//" not in text.replace("http://www.w3.org/2000/svg", "").replace("// ", "")
