"""The tool's end of the line: starts the agent in the project's interpreter and calls it."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Protocol, Self, cast

from nuages import __version__
from nuages.errors import NuagesError

START_SECONDS = 60.0
CALL_SECONDS = 120.0
_STDERR_LINES = 200  # kept of what the project prints
_TAIL_LINES = 15  # shown when it crashes
_NO_HANDSHAKE = (
    "is it a Python ≥ 3.11 that can import the project? A wrapper must pass on standard input, "
    "output and PYTHONPATH, and not add -I or -E"
)


class AgentProcess(Protocol):
    """What the session needs of a process: a Popen does, and so does an enclosed one."""

    @property
    def pid(self) -> int: ...
    @property
    def stdin(self) -> IO[bytes] | None: ...
    @property
    def stdout(self) -> IO[bytes] | None: ...
    @property
    def stderr(self) -> IO[bytes] | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def terminate(self) -> None: ...
    def kill(self) -> None: ...


Launch = Callable[..., AgentProcess]  # (argv, *, env, cwd), with pipes on all three descriptors
Progress = Callable[[str], None]


def plain_launch(argv: Sequence[str], *, env: Mapping[str, str], cwd: Path) -> AgentProcess:
    """Start the agent without an enclosure, in a session of its own, so that Ctrl-C is ours."""
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        list(argv), env=dict(env), cwd=cwd, stdin=pipe, stdout=pipe, stderr=pipe,
        start_new_session=True,
    )  # fmt: skip
    return cast(AgentProcess, process)


class AgentSession:
    """One agent process; a context manager that leaves no process behind."""

    def __init__(self, process: AgentProcess, progress: Progress | None = None) -> None:
        self._process = process
        self._progress = progress or (lambda text: None)
        self._number = 0
        self._replies: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._said: deque[str] = deque(maxlen=_STDERR_LINES)
        self._readers = [
            threading.Thread(target=self._read_replies, daemon=True),
            threading.Thread(target=self._read_stderr, daemon=True),
        ]
        for reader in self._readers:
            reader.start()
        self.hello: dict[str, Any] = {}

    @classmethod
    def start(
        cls,
        python: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str] | None = None,
        launch: Launch = plain_launch,
        progress: Progress | None = None,
        timeout: float = START_SECONDS,
    ) -> Self:
        """Start `python -m nuages.agent` and shake hands.

        `python` is a command prefix; `env` must make the agent set importable (attach.prepare).
        Raises NuagesError (slug "agent") when nothing answers or another version does.
        """
        environment = dict(os.environ if env is None else env)
        try:
            process = launch([*python, "-m", "nuages.agent"], env=environment, cwd=cwd)
        except OSError as error:
            raise NuagesError(
                f"could not start {' '.join(python)}: {error.strerror or error}",
                hint="nuages tune --python .venv/bin/python",
                slug="agent",
            ) from error
        session = cls(process, progress)
        try:
            session._shake_hands(timeout)
        except BaseException:
            session.close()
            raise
        return session

    def _shake_hands(self, timeout: float) -> None:
        message = self._next(time.monotonic() + timeout, "start")
        hello = message.get("hello") if message else None
        if not hello:
            raise self._broken("the project's interpreter did not start the agent", _NO_HANDSHAKE)
        if hello.get("version") != __version__:
            raise NuagesError(
                f"the agent is nuages {hello.get('version')}, this is nuages {__version__}",
                hint="remove the other nuages from the project's environment, or upgrade it",
                slug="agent",
            )
        self.hello = hello

    def call(self, name: str, *, timeout: float = CALL_SECONDS, **arguments: Any) -> Any:
        """The call's result; NuagesError for what the project did wrong, a crash, a timeout."""
        self._number += 1
        self._send({"id": self._number, "call": name, **arguments}, name)
        until = time.monotonic() + timeout
        while True:
            message = self._next(until, name)
            if message is None:
                raise self._crashed(name)
            if message.get("event") == "progress":
                self._progress(str(message.get("text", "")))
            elif message.get("id") == self._number:
                return self._result(message)

    def _send(self, message: dict[str, Any], name: str) -> None:
        stdin = self._process.stdin
        assert stdin is not None
        try:
            stdin.write(json.dumps(message).encode() + b"\n")
            stdin.flush()
        except (OSError, ValueError) as error:
            raise self._crashed(name) from error

    def _next(self, until: float, name: str) -> dict[str, Any] | None:
        """The next message; None at the end of the agent's output."""
        try:
            return self._replies.get(timeout=max(0.0, until - time.monotonic()))
        except queue.Empty:
            self.kill()
            message = f"the project did not finish `{name}` in time"
            raise self._broken(message, "does it wait for a service? See [tool.nuages]") from None

    def _result(self, message: dict[str, Any]) -> Any:
        error = message.get("error")
        if error is None:
            return message.get("ok")
        raise NuagesError(
            error.get("message", "the agent failed"),
            hint=error.get("hint", ""),
            detail=error.get("detail", ""),
            slug=error.get("slug", ""),
        )

    def _crashed(self, name: str) -> NuagesError:
        code: int | None = None
        with suppress(subprocess.TimeoutExpired, OSError):
            code = self._process.wait(timeout=5)
        how = f" ({_how(code)})" if code is not None else ""
        return self._broken(f"the project's process ended during `{name}`{how}", "")

    def _broken(self, message: str, hint: str) -> NuagesError:
        self._readers[1].join(timeout=1)
        return NuagesError(message, hint=hint, detail=self.tail(), slug="agent")

    def tail(self, lines: int = _TAIL_LINES) -> str:
        """The last lines that the project wrote to standard error or printed."""
        return "\n".join(list(self._said)[-lines:])

    def _read_replies(self) -> None:
        stdout = self._process.stdout
        assert stdout is not None
        with suppress(OSError, ValueError):
            for line in stdout:
                try:
                    message = json.loads(line)
                except ValueError:  # printed before the agent had the descriptor to itself
                    self._said.append(line.decode(errors="replace").rstrip())
                    continue
                if isinstance(message, dict):
                    self._replies.put(message)
        self._replies.put(None)

    def _read_stderr(self) -> None:
        stderr = self._process.stderr
        if stderr is None:
            return
        with suppress(OSError, ValueError):
            for line in stderr:
                self._said.append(line.decode(errors="replace").rstrip())

    def close(self) -> None:
        """Ask the agent to quit, then insist."""
        stdin = self._process.stdin
        if stdin is not None:
            with suppress(OSError, ValueError):
                stdin.write(b'{"id": 0, "call": "quit"}\n')
                stdin.flush()
            with suppress(OSError, ValueError):
                stdin.close()  # by itself: what could not be sent fails a second time here
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.kill()
        for reader in self._readers:
            reader.join(timeout=1)
        for stream in (self._process.stdout, self._process.stderr):
            with suppress(OSError, ValueError):
                if stream is not None:
                    stream.close()

    def kill(self) -> None:
        for end in (self._process.terminate, self._process.kill):
            with suppress(OSError):
                end()
            with suppress(subprocess.TimeoutExpired, OSError):
                self._process.wait(timeout=2)
                return

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            self.kill()  # it may be in the middle of something: no time for a goodbye
        self.close()


def _how(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit {code}"
