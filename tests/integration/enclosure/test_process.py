"""A command in an enclosure behaves as it would outside, and ends with its tool."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from nuages.errors import NuagesError

from .conftest import Around


def alive(mark: str) -> bool:
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if mark in path.read_text(errors="replace"):
                return True
        except OSError:
            continue
    return False


def soon(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 10
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.02)
    return holds()


def test_exit_codes_come_through(around: Around) -> None:
    assert around.start("sh", "-c", "exit 3").wait(30) == 3


def test_a_signal_that_ends_the_command_comes_through(around: Around) -> None:
    assert around.start("sh", "-c", "kill -SEGV $$").wait(30) == -signal.SIGSEGV


def test_lines_go_back_and_forth(around: Around) -> None:
    process = around.start("cat", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    for line in (b"one\n", b"two\n"):
        process.stdin.write(line)
        process.stdin.flush()
        assert process.stdout.readline() == line
    process.stdin.close()
    assert process.wait(30) == 0


def test_terminate_reaches_the_command(around: Around) -> None:
    code = "trap 'echo bye; exit 7' TERM; echo ready; while :; do sleep 0.05; done"
    process = around.start("sh", "-c", code, stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"ready\n"
    process.terminate()
    assert process.stdout.read() == b"bye\n"
    assert process.wait(30) == 7


def test_kill_leaves_nothing(around: Around) -> None:
    mark = f"nuages-mark-{os.getpid()}"
    code = f"(setsid sh -c 'sleep 600; : {mark}') & echo ready; sleep 600; : {mark}"
    process = around.start("sh", "-c", code, stdout=subprocess.PIPE)
    process.stdout.readline()
    assert alive(mark)
    process.kill()
    assert not alive(mark)
    assert process.returncode == -signal.SIGKILL
    assert not list(around.made.scratch.glob("enclosure-*"))


def test_nothing_outlives_the_command(around: Around) -> None:
    mark = f"nuages-mark-{os.getpid()}"
    code = f"(setsid sh -c 'sleep 600; : {mark}') > /dev/null 2>&1 & sleep 0.2"
    assert around.start("sh", "-c", code).wait(30) == 0
    assert not alive(mark)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_nothing_outlives_the_tool(around: Around, number: int) -> None:
    mark = f"nuages-mark-{os.getpid()}"
    tool = textwrap.dedent(f"""
        import sys
        from pathlib import Path
        from nuages import enclosure
        made = enclosure.Enclosure(
            scratch=Path({str(around.made.scratch)!r}), ledger=Path({str(around.made.ledger)!r}),
            trees=(enclosure.Tree(root=Path({str(around.tree)!r})),), enforce={around.made.enforce},
        )
        command = ["sh", "-c", "trap '' INT; sleep 600; : {mark}"]
        with enclosure.start(made, command, env={{}}, cwd=Path({str(around.tree)!r})) as process:
            print("ready", flush=True)
            process.wait()
    """)
    running = subprocess.Popen([sys.executable, "-c", tool], stdout=subprocess.PIPE)
    with running:
        assert running.stdout
        assert running.stdout.readline() == b"ready\n"
        running.send_signal(number)
    assert soon(lambda: not alive(mark))
    assert soon(lambda: not list(around.made.scratch.glob("enclosure-*")))


def test_a_missing_command_is_an_error_at_once(around: Around) -> None:
    with pytest.raises(NuagesError) as error:
        around.start("no-such-command")
    assert "no-such-command" in error.value.message
    assert error.value.slug == "command"
    assert not list(around.made.scratch.glob("enclosure-*"))


def test_only_the_given_environment_is_there(around: Around) -> None:
    os.environ["NUAGES_TEST_LEAK"] = "1"
    try:
        process = around.start("env", stdout=subprocess.PIPE)
        assert b"LEAK" not in process.stdout.read()
    finally:
        del os.environ["NUAGES_TEST_LEAK"]


def test_no_descriptor_of_the_tool_is_there(around: Around) -> None:
    code = "import os; print([fd for fd in range(3, 64) if os.path.exists(f'/proc/self/fd/{fd}')])"
    assert around.python(code) == "[]"
