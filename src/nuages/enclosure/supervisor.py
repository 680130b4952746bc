"""The process between the tool and the enclosed command: judges calls, outlives nobody."""

from __future__ import annotations

import contextlib
import marshal
import os
import resource
import select
import signal
import socket
import sys
import time
from types import FrameType
from typing import NamedTuple

from nuages.enclosure import egress, linux, namespaces
from nuages.enclosure.copies import discard
from nuages.enclosure.gate import Judge, Ledger
from nuages.enclosure.mounts import FileView
from nuages.enclosure.namespaces import Command, FirstProcess, StepError
from nuages.enclosure.traces import Traces

GRACE_SECONDS = 1.0  # between SIGTERM and SIGKILL for what an unenclosed command left behind


class Spec(NamedTuple):
    """What the tool asks for, by marshal over a pipe: both ends are the same interpreter."""

    argv: list[str]
    env: dict[str, str]
    cwd: str
    enforce: bool
    private: str
    ledger: str
    trees: dict[str, dict[str, str | bytes]]
    writable: list[str]
    sockets: list[str]
    stubs: dict[str, float]
    report: int  # a line here is a failure; its end means that the command runs
    life: int  # closed when the tool is gone

    @property
    def command(self) -> Command:
        return Command(argv=self.argv, env=self.env, cwd=self.cwd)


def main() -> None:
    """Run in the tool's interpreter with the spec's descriptor as the only argument."""
    with open(int(sys.argv[1]), "rb") as pipe:
        spec = Spec(**marshal.load(pipe))
    for fd in (spec.report, spec.life):
        os.set_inheritable(fd, False)
    try:
        status = _enclosed(spec) if spec.enforce else _unenclosed(spec)
    except StepError as failure:
        namespaces.tell(spec.report, failure.step, str(failure))
        status = 125 << 8
    finally:
        discard(spec.private)
    _leave_like(status)


def _enclosed(spec: Spec) -> int:
    view = FileView(
        private=spec.private,
        trees=spec.trees,
        writable=(*spec.writable, spec.ledger),
        sockets=tuple(spec.sockets),
        foreign_sockets=_foreign_sockets((*spec.sockets, *spec.writable)),
    )
    traces = Traces(f"{spec.private}/trace", list(spec.trees))
    border = egress.Border((*spec.sockets, *spec.writable), spec.stubs)
    namespaces.enter()
    ours, theirs = socket.socketpair()
    first = os.fork()
    if first == 0:
        ours.close()
        os.close(spec.life)
        _be_first(FirstProcess(theirs, view, spec.command), theirs, spec.report)
    theirs.close()
    try:
        listener = namespaces.receive_listener(ours, first)
    except OSError as error:
        ours.close()  # process 1 says what went wrong, if it was there
        os.waitpid(first, 0)
        raise StepError("system-call filter", error) from error
    _let_go(spec.report)
    judge = Judge(listener, border, traces, Ledger(spec.ledger, os.path.basename(spec.private)))
    status = Watch(first, spec.life, judge).until_end()
    told = ours.recv(4, socket.MSG_DONTWAIT) if select.select([ours], [], [], 0)[0] else b""
    return int.from_bytes(told, "little") if told else status


def _be_first(first: FirstProcess, link: socket.socket, report: int) -> None:
    """Run process 1 to its end; its own exit status does not matter, the link carries the news."""
    try:
        os.write(link.fileno(), first.run(report).to_bytes(4, "little"))
    except StepError as failure:
        namespaces.tell(report, failure.step, str(failure))
    finally:
        os._exit(0)


def _unenclosed(spec: Spec) -> int:
    """Without the kernel's help: still one process tree, and nothing of it outlives the tool."""
    if sys.platform == "linux":
        linux.prctl(linux.PR_SET_CHILD_SUBREAPER, 1)
    child = os.fork()
    if child == 0:
        os.close(spec.life)
        namespaces.execute(spec.command, spec.report)
    _let_go(spec.report)
    status = Watch(child, spec.life, None).until_end()
    _sweep(child)
    return status


def _sweep(session: int) -> None:
    """End what the command left: first its process group, then, on Linux, every descendant."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(session, number)
        deadline = time.monotonic() + GRACE_SECONDS
        while (left := _descendants()) and time.monotonic() < deadline:
            for pid in left:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, number)
            time.sleep(0.01)
            with contextlib.suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass


def _descendants() -> list[int]:
    me = os.getpid()
    with contextlib.suppress(OSError), open(f"/proc/{me}/task/{me}/children") as children:
        return [int(pid) for pid in children.read().split()]
    return []


def _let_go(report: int) -> None:
    """Hold nothing that the tool reads to its end."""
    os.close(report)
    nothing = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1):
        os.dup2(nothing, fd)
    os.close(nothing)


def _foreign_sockets(allowed: tuple[str, ...]) -> tuple[str, ...]:
    """Unix sockets of the machine that the enclosed command must not see."""
    found = []
    with contextlib.suppress(OSError), open("/proc/net/unix") as table:
        for line in table:
            path = line.rstrip("\n").split(None, 7)[7:]
            if (
                path
                and path[0].startswith("/")
                and not path[0].startswith(tuple(f"{folder}/" for folder in allowed))
            ):
                found.append(path[0])
    return tuple(dict.fromkeys(found))


class Watch:
    """Waits for the command's end, or for the tool's, whichever is first."""

    def __init__(self, child: int, life: int, judge: Judge | None) -> None:
        self._child = child
        self._life = life
        self._judge = judge
        for number in namespaces.FORWARDED:
            signal.signal(number, self._forward)
        self._wake = self._wake_on_child()

    def until_end(self) -> int:
        """Returns the child's wait status."""
        poll = select.poll()
        for fd in (self._life, self._wake):
            poll.register(fd, select.POLLIN)
        if self._judge:
            poll.register(self._judge.listener, select.POLLIN)
        while True:
            pid, status = os.waitpid(self._child, os.WNOHANG)
            if pid:
                return status
            for fd, events in poll.poll(self._judge.wait_ms() if self._judge else None):
                self._handle(fd, events, poll)

    def _handle(self, fd: int, events: int, poll: select.poll) -> None:
        if fd == self._wake:
            os.read(fd, 512)
        elif fd == self._life:  # a byte or the end: the tool wants it dead, or is dead itself
            poll.unregister(fd)
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._child, signal.SIGKILL)
        elif self._judge and events & select.POLLIN:
            self._judge.answer()
        else:
            poll.unregister(fd)

    def _forward(self, number: int, _frame: FrameType | None) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._child, number)

    def _wake_on_child(self) -> int:
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        return reader


def _leave_like(status: int) -> None:
    """End as the command did, by the same signal if it was one."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if number != signal.SIGKILL:
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    sys.exit(os.waitstatus_to_exitcode(status))
