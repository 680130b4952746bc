"""The audit hook tells who tried what, and refuses where no kernel does."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import textwrap
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import nuages
from nuages import enclosure
from nuages.model import LedgerEntry

INSTALL = """
import os
from types import SimpleNamespace
from nuages.agent import audit
audit.install(SimpleNamespace(roots={"app": os.path.dirname(os.path.abspath(__file__))},
                              ledger=os.environ["LEDGER"]))
"""


@dataclass
class Watched:
    """Scripts that run with the hook installed."""

    folder: Path

    def run(self, code: str, told: dict[str, Any] | None = None) -> str:
        script = self.folder / "project/script.py"
        script.write_text("import install\n" + textwrap.dedent(code), encoding="utf-8")
        (self.folder / "project/install.py").write_text(INSTALL)
        env = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(Path(nuages.__file__).parents[1]),
            "PYTHONUTF8": "1",
            "LEDGER": str(self.folder / "ledger.jsonl"),
        }
        if told is not None:
            env["NUAGES_ENCLOSURE"] = json.dumps(told)
        result = subprocess.run([sys.executable, script], env=env, capture_output=True, text=True)
        assert result.returncode == 0, result.stderr
        assert not result.stderr
        return result.stdout.strip()

    def ledger(self) -> tuple[LedgerEntry, ...]:
        return enclosure.ledger(self.folder / "ledger.jsonl")


GUARD: dict[str, Any] = {"enforced": False}


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    (tmp_path / "project").mkdir()
    return Watched(tmp_path)


def test_without_an_enclosure_it_only_tells(watched: Watched) -> None:
    with tempfile.TemporaryDirectory(dir="/var/lib" if os.geteuid() == 0 else Path.home()) as name:
        watched.run(f"open({name + '/file'!r}, 'w').write('x')")
        assert Path(name, "file").read_text() == "x"
    (entry,) = watched.ledger()
    assert (entry.kind, entry.verdict) == ("write", "allowed")


def test_outside_an_enclosure_it_refuses(watched: Watched) -> None:
    said = watched.run(
        """
        import socket
        for call in (lambda: socket.create_connection(("192.0.2.1", 443)),
                     lambda: socket.create_connection(("api.example.com", 443)),
                     lambda: open("/var/lib/nuages-test", "w")):
            try:
                call()
            except OSError as error:
                print(type(error).__name__, error.errno)
        """,
        GUARD,
    )
    assert said == "ConnectionRefusedError 111\ngaierror -3\nOSError 30"
    assert {(e.kind, e.target, e.verdict) for e in watched.ledger()} == {
        ("connect", "192.0.2.1:443", "denied"),
        ("resolve", "api.example.com", "denied"),
        ("write", "/var/lib/nuages-test", "denied"),
    }


def test_the_projects_own_server_is_reached(watched: Watched) -> None:
    watched.run(
        """
        import socket
        with socket.create_server(("127.0.0.1", 0)) as server:
            socket.create_connection(server.getsockname()).close()
        """,
        GUARD,
    )
    assert watched.ledger() == ()


def test_an_allowed_host_is_reached(watched: Watched) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()
        code = f"import socket; socket.create_connection({address!r}).close()"
        watched.run(code, GUARD | {"hosts": {"127.0.0.1": "allow"}})
    assert watched.ledger() == ()


def test_a_stubbed_name_answers_late(watched: Watched) -> None:
    begun = time.monotonic()
    code = """
        import socket
        try:
            socket.getaddrinfo("slow.example.com", 443)
        except socket.gaierror:
            pass
    """
    watched.run(code, GUARD | {"hosts": {"slow.example.com": "stub:400"}})
    assert time.monotonic() - begun > 0.4


def test_origins_have_spans_in_characters(watched: Watched) -> None:
    watched.run(
        """
        import socket
        def reach(n):
            try:
                s = "é"; socket.socket().connect(("192.0.2.1", n))
            except OSError:
                pass
        reach(9)
        """,
        GUARD,
    )
    (entry,) = watched.ledger()
    origin = entry.origin
    assert origin
    line = (watched.folder / "project/script.py").read_text().splitlines()[origin.line - 1]
    assert line[origin.column : origin.end_column] == 'socket.socket().connect(("192.0.2.1", n))'
    assert (origin.root, origin.file, origin.function) == ("app", "script.py", "reach")


def test_comprehensions_are_not_functions(watched: Watched) -> None:
    watched.run(
        """
        import subprocess
        def build():
            return [subprocess.call(["true"]) for _ in range(2)]
        build()
        """,
        GUARD,
    )
    (entry,) = watched.ledger()
    assert entry.origin
    assert (entry.origin.function, entry.count, entry.target) == ("build", 2, "true")


def test_many_attempts_are_counted_in_few_lines(watched: Watched) -> None:
    watched.run(
        """
        import socket
        for _ in range(1000):
            try:
                socket.socket().connect(("192.0.2.1", 9))
            except OSError:
                pass
        """,
        GUARD,
    )
    (entry,) = watched.ledger()
    assert entry.count == 1000
    assert len((watched.folder / "ledger.jsonl").read_text().splitlines()) < 40


def test_a_fork_counts_its_own(watched: Watched) -> None:
    watched.run(
        """
        import os, socket
        def reach():
            try:
                socket.socket().connect(("192.0.2.1", 9))
            except OSError:
                pass
        reach()
        if os.fork() == 0:
            reach()
            os._exit(0)
        os.wait()
        """,
        GUARD,
    )
    (entry,) = watched.ledger()
    assert entry.count == 2


def test_a_library_thread_is_its_starters(watched: Watched) -> None:
    watched.run(
        """
        import threading, urllib.request
        def quietly(*_): pass
        threading.excepthook = quietly
        def begin():
            t = threading.Thread(target=urllib.request.urlopen, args=("http://192.0.2.1/",))
            t.start(); t.join()
        begin()
        """,
        GUARD,
    )
    (entry,) = watched.ledger()
    assert entry.origin
    assert entry.origin.function == "begin"


def test_settings_can_tell_of_what_they_caught(watched: Watched) -> None:
    watched.run("install.audit.note('mail', 'a@example.com')", {"enforced": True})
    (entry,) = watched.ledger()
    assert (entry.kind, entry.verdict, entry.via) == ("mail", "contained", "overlay")
    assert entry.origin


def test_odd_arguments_stay_the_projects_affair(watched: Watched) -> None:
    watched.run(
        """
        import os, socket
        for call in (lambda: socket.socket().connect(7), lambda: os.rename(None, 3),
                     lambda: open(object(), "w"), lambda: os.system("true"),
                     lambda: open(os.dup(1), "w").close(), lambda: os.remove(b"no-such-file")):
            try:
                call()
            except (TypeError, OSError):
                pass
        """,
        GUARD,
    )


def test_files_can_be_written_while_the_interpreter_ends(watched: Watched) -> None:
    watched.run(
        """
        class Late:
            def __del__(self, open=open, path=__file__ + ".late"):
                with open(path, "w") as file:
                    file.write("x")
        import sys
        sys.late = Late()
        """,
        GUARD,
    )
    assert (watched.folder / "project/script.py.late").read_text() == "x"
