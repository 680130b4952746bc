"""The system-call filter that shows every connect, C clients' too, to the supervisor."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import os
import struct
from typing import NamedTuple

from nuages.enclosure import linux

# include/uapi/linux/seccomp.h and audit.h; riscv64 shares arm64's table of numbers.
_MODE_FILTER = 1
_FLAG_SPEC_ALLOW, _FLAG_NEW_LISTENER, _FLAG_WAIT_KILLABLE = 1 << 2, 1 << 3, 1 << 5
_ALLOW, _NOTIFY, _ERRNO = 0x7FFF0000, 0x7FC00000, 0x00050000
_IOCTL_RECEIVE, _IOCTL_SEND, _IOCTL_VALID = 0xC0502100, 0xC0182101, 0x40082102
_CONTINUE = 1
_RESTART = 512  # ERESTARTSYS: the kernel repeats the call after the signal handler
_IO_URING_SETUP = 425
_X32 = 0x40000000


class Calls(NamedTuple):
    """One architecture's numbers of the calls that can carry an address."""

    audit: int  # AUDIT_ARCH_*
    seccomp: int
    connect: int
    sendto: int
    sendmsg: int
    sendmmsg: int


_X86_64 = Calls(audit=0xC000003E, seccomp=317, connect=42, sendto=44, sendmsg=46, sendmmsg=307)
_GENERIC = {"seccomp": 277, "connect": 203, "sendto": 206, "sendmsg": 211, "sendmmsg": 269}
_CALLS = {
    "x86_64": _X86_64,
    "aarch64": Calls(audit=0xC00000B7, **_GENERIC),
    "riscv64": Calls(audit=0xC00000F3, **_GENERIC),
}


def calls() -> Calls | None:
    """The numbers of this machine; None where the filter is not known to work."""
    return _CALLS.get(os.uname().machine)


def program(numbers: Calls) -> bytes:
    """The filter in classic BPF: notify on addresses, forbid what would go around the filter.

    Foreign call tables (32-bit programs, x32) and io_uring get ENOSYS: programs fall back.
    sendto without an address is send(), the hot path of every socket: it is let through here.
    """
    load, equal, at_least, give = 0x20, 0x15, 0x35, 0x06
    address = 16 + 8 * 4  # of sendto's fifth argument in struct seccomp_data
    return _assemble(
        [
            (load, 4, "", ""),  # arch
            (equal, numbers.audit, "", "absent"),
            (load, 0, "", ""),  # number
            (at_least, _X32, "absent", ""),
            (equal, _IO_URING_SETUP, "absent", ""),
            (equal, numbers.connect, "notify", ""),
            (equal, numbers.sendmsg, "notify", ""),
            (equal, numbers.sendmmsg, "notify", ""),
            (equal, numbers.sendto, "", "allow"),
            (load, address, "", ""),
            (equal, 0, "", "notify"),
            (load, address + 4, "", ""),
            (equal, 0, "allow", "notify"),
        ],
        {
            "allow": (give, _ALLOW),
            "absent": (give, _ERRNO | errno.ENOSYS),
            "notify": (give, _NOTIFY),
        },
    )


def _assemble(lines: list[tuple[int, int, str, str]], ends: dict[str, tuple[int, int]]) -> bytes:
    """Lines of (opcode, value, label if true, label if false), then the labelled returns."""
    places = {label: len(lines) + at for at, label in enumerate(ends)}
    code = []
    for at, (opcode, value, then, otherwise) in enumerate(lines):
        jumps = [places[label] - at - 1 if label else 0 for label in (then, otherwise)]
        code.append(struct.pack("=HBBI", opcode, *jumps, value))
    code += [struct.pack("=HBBI", opcode, 0, 0, value) for opcode, value in ends.values()]
    return b"".join(code)


def install() -> tuple[int, bool]:
    """Filter this process and its descendants for good.

    Returns the listener and whether a call under judgement waits through signals (Linux 5.19),
    without which a handler that does not restart calls could make a connect return EINTR.
    """
    numbers = calls()
    assert numbers is not None
    linux.prctl(linux.PR_SET_NO_NEW_PRIVS, 1)
    code = program(numbers)
    buffer = ctypes.create_string_buffer(code, len(code))
    header = struct.pack("=HxxxxxxQ", len(code) // 8, ctypes.addressof(buffer))
    flags = _FLAG_SPEC_ALLOW | _FLAG_NEW_LISTENER
    for killable in (True, False):
        try:
            chosen = flags | _FLAG_WAIT_KILLABLE if killable else flags
            prog = ctypes.create_string_buffer(header, len(header))
            return linux.syscall("seccomp", numbers.seccomp, _MODE_FILTER, chosen, prog), killable
        except OSError as error:
            if error.errno != errno.EINVAL or not killable:
                raise
    raise AssertionError


class Notification(NamedTuple):
    """One call that waits for a verdict."""

    id: int
    thread: int
    call: int
    args: tuple[int, ...]


class Listener:
    """The supervisor's end of the filter."""

    def __init__(self, fd: int, *, killable: bool) -> None:
        self.fd = fd
        self._killable = killable

    def fileno(self) -> int:
        return self.fd

    def receive(self) -> Notification | None:
        """The next call; None when its thread went away meanwhile."""
        buffer = bytearray(80)
        try:
            fcntl.ioctl(self.fd, _IOCTL_RECEIVE, buffer, True)
        except (FileNotFoundError, InterruptedError):
            return None
        number, thread, _flags, call, _arch, _ip, *args = struct.unpack("=QIIiIQ6Q", buffer)
        return Notification(id=number, thread=thread, call=call, args=tuple(args))

    def valid(self, notification: Notification) -> bool:
        """Whether what was read from the thread's memory was still the thread's."""
        try:
            fcntl.ioctl(self.fd, _IOCTL_VALID, struct.pack("=Q", notification.id))
        except FileNotFoundError:
            return False
        return True

    def proceed(self, notification: Notification) -> None:
        self._answer(notification, 0, _CONTINUE)

    def refuse(self, notification: Notification, number: int) -> None:
        self._answer(notification, -number, 0)

    def repeat(self, notification: Notification) -> None:
        """Have a thread that was just signalled run its handler and issue the call again.

        Without the killable wait the signal itself has done so already.
        """
        if self._killable:
            self._answer(notification, -_RESTART, 0)

    def _answer(self, notification: Notification, error: int, flags: int) -> None:
        with contextlib.suppress(FileNotFoundError):
            fcntl.ioctl(
                self.fd, _IOCTL_SEND, struct.pack("=QqiI", notification.id, 0, error, flags)
            )
