"""The kernel's side of the enclosure: namespaces, and the first process inside them."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import socket
import struct
from collections.abc import Iterator, Mapping, Sequence
from types import FrameType
from typing import NamedTuple

from nuages.enclosure import linux, seccomp
from nuages.enclosure.mounts import FileSetup, FileView

FORWARDED = (
    signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2,
)  # fmt: skip
_SYS_ADMIN = 21
# chown, dac_override, fowner, fsetid, kill, setgid, setuid, net_bind_service: what a server
# started as root does to its own files and processes. Without mknod, no disk can be opened.
_KEPT = frozenset({0, 1, 3, 4, 5, 6, 7, 10})
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 1
_LINK = struct.Struct("=i?")  # the listener's number in the first process, whether killable


class StepError(Exception):
    """A step of the set-up that this system does not allow."""

    def __init__(self, step: str, error: OSError) -> None:
        super().__init__(f"{step}: {error.strerror or error}")
        self.step = step
        self.errno = error.errno or 0


@contextlib.contextmanager
def step(name: str) -> Iterator[None]:
    """Name the step in which the system refuses."""
    try:
        yield
    except OSError as error:
        raise StepError(name, error) from error


class Command(NamedTuple):
    """What to execute inside; an empty argv only proves that the set-up works."""

    argv: Sequence[str]
    env: Mapping[str, str]
    cwd: str


def enter() -> None:
    """Move this process out of the machine's network, and its children out of its processes.

    Root stays root without a user namespace, since files of other owners must stay readable.
    """
    kinds = linux.CLONE_NEWNET | linux.CLONE_NEWIPC | linux.CLONE_NEWPID
    if linux.capability(_SYS_ADMIN):
        with step("namespaces"):
            linux.unshare(kinds)
    else:
        user, group = os.geteuid(), os.getegid()
        with step("user namespace"):
            linux.unshare(linux.CLONE_NEWUSER)
            _write("/proc/self/setgroups", "deny")
            _write("/proc/self/uid_map", f"{user} {user} 1")
            _write("/proc/self/gid_map", f"{group} {group} 1")
        with step("namespaces in a user namespace"):
            linux.unshare(kinds)
    with step("loopback device"):
        _bring_up_loopback()


def _write(path: str, text: str) -> None:
    with open(path, "w") as file:
        file.write(text)


def _bring_up_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as device:
        request = struct.pack("16sH22x", b"lo", 0)
        (flags,) = struct.unpack_from("H", fcntl.ioctl(device, _SIOCGIFFLAGS, request), 16)
        fcntl.ioctl(device, _SIOCSIFFLAGS, struct.pack("16sH22x", b"lo", flags | _IFF_UP))


class FirstProcess:
    """Process 1: sets up the files, starts the command, buries orphans; all end with it."""

    def __init__(self, link: socket.socket, view: FileView, command: Command) -> None:
        self._link = link
        self._view = view
        self._command = command
        self._child = 0

    def run(self, report: int) -> int:
        """Returns the wait status of the command; `report` gets a line when the set-up is done."""
        linux.prctl(linux.PR_SET_PDEATHSIG, signal.SIGKILL)
        os.setsid()
        with step("mount namespace"):
            linux.unshare(linux.CLONE_NEWNS)
            files = FileSetup(self._view)
        with step("read-only files"):
            files.build()
        with step("capabilities"):
            linux.keep_capabilities(_KEPT)
        linux.prctl(linux.PR_SET_PDEATHSIG, signal.SIGKILL)
        with step("system-call filter"):
            self._hand_over_listener()
        return self._start(report)

    def _hand_over_listener(self) -> None:
        """The supervisor takes the listener; sending it would be a call to be judged already."""
        fd, killable = seccomp.install()
        os.write(self._link.fileno(), _LINK.pack(fd, killable))
        if not os.read(self._link.fileno(), 1):
            raise OSError(0, "the supervisor could not take the listener")
        os.close(fd)

    def _start(self, report: int) -> int:
        for number in FORWARDED:
            signal.signal(number, self._forward)
        self._child = os.fork()
        if self._child == 0:
            execute(self._command, report)
        os.close(report)
        for fd in (0, 1):
            os.close(fd)
        return self._reap()

    def _forward(self, number: int, _frame: FrameType | None) -> None:
        if self._child:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._child, number)

    def _reap(self) -> int:
        while True:
            pid, status = os.wait()
            if pid == self._child:
                return status


def execute(command: Command, report: int) -> None:
    """Replace a fresh child by the command; a failure goes to `report`, never returns."""
    try:
        os.setsid()
        for number in FORWARDED:
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it, and exec inherits that
        if not command.argv:
            os._exit(0)
        os.chdir(command.cwd)
        os.set_inheritable(report, False)
        os.execvpe(command.argv[0], list(command.argv), dict(command.env))
    except OSError as error:
        tell(report, "command", f"{error.filename or command.argv[0]}: {error.strerror}")
    finally:
        os._exit(127)


def tell(report: int, failed: str, message: str) -> None:
    """Write one line for the tool, which reads until nobody holds the descriptor any more."""
    with contextlib.suppress(OSError):
        os.write(report, os.fsencode(f"{failed}\t{message}\n"))


def receive_listener(link: socket.socket, first: int) -> seccomp.Listener:
    """Take the filter's listener out of the first process."""
    data = link.recv(_LINK.size)
    if len(data) != _LINK.size:
        raise OSError(0, "the first process ended early")
    number, killable = _LINK.unpack(data)
    pidfd = os.pidfd_open(first)
    try:
        listener = seccomp.Listener(linux.pidfd_getfd(pidfd, number), killable=killable)
    finally:
        os.close(pidfd)
    link.send(b"\n")
    return listener
