from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from nuages.stack import replicas
from nuages.stack.replicas import Launcher, command
from nuages.topology import Service

SOCKET = Path("/s/web-1.sock")


def words(**values) -> str:
    service = Service(name="web", application="shop.wsgi:application", **values)
    return " ".join(command(service, ["python"], SOCKET))


class TestCommands:
    def test_granian_by_default_with_threads(self):
        told = words(threads=6)
        assert told.startswith("python -m granian shop.wsgi:application --interface wsgi")
        assert "--uds /s/web-1.sock" in told
        assert "--blocking-threads 6" in told

    def test_an_asynchronous_one_has_websockets_and_no_threads(self):
        told = words(server="granian-asgi")
        assert "--interface asgi" in told
        assert "--blocking-threads" not in told
        assert "--no-ws" not in told

    def test_gunicorn_loads_the_project_once_for_its_workers(self):
        told = words(server="gunicorn", workers=4)
        assert "--preload --workers 4" in told
        assert "--keep-alive 75" in told

    @pytest.mark.parametrize(
        ("told", "expected"),
        [
            (("celery", "-A", "shop", "worker"), "py -m celery -A shop worker"),
            (("python", "manage.py", "rqworker"), "py manage.py rqworker"),
        ],
    )
    def test_a_worker_runs_in_the_projects_python(self, told, expected):
        service = Service(name="w", kind="worker", server="command", command=told)
        assert " ".join(command(service, ["py"], SOCKET)) == expected


def test_a_service_adds_to_the_environment():
    launcher = Launcher(python=["py"], root=Path("/p"), environment={"A": "1", "B": "1"},
                        sockets=Path("/s"))  # fmt: skip
    service = Service(name="web", application="a:b", environment={"B": "2"})
    order = launcher.order(service, 3, Path("/s/web-3.json"))
    assert order.name == "web-3"
    assert (order.environment["A"], order.environment["B"]) == ("1", "2")
    assert order.environment["NUAGES_STACK"] == "/s/web-3.json"


class TestStatus:
    def ask(self, tmp_path, answer: bytes | None, timeout: float = 1.0) -> int:
        path = tmp_path / "r.sock"

        async def talk(reader, writer):
            await reader.readuntil(b"\r\n\r\n")
            if answer is None:
                await asyncio.sleep(5)
            writer.write(answer or b"")
            writer.close()

        async def run():
            server = await asyncio.start_unix_server(talk, str(path))
            try:
                return await replicas.status(path, timeout=timeout)
            finally:
                server.close()

        return asyncio.run(run())

    def test_of_an_answer(self, tmp_path):
        assert self.ask(tmp_path, b"HTTP/1.1 503 Service Unavailable\r\n\r\n") == 503

    def test_none_in_time(self, tmp_path):
        assert self.ask(tmp_path, None, timeout=0.1) == 0

    def test_nonsense(self, tmp_path):
        assert self.ask(tmp_path, b"hello\r\n") == 0

    def test_nobody_there(self, tmp_path):
        assert asyncio.run(replicas.status(tmp_path / "none.sock")) == 0
