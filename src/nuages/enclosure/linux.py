"""The Linux system calls that the enclosure needs and Python 3.11 does not wrap."""

from __future__ import annotations

import ctypes
import os
import struct

CLONE_NEWNS = 0x00020000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
MS_REMOUNT, MS_BIND, MS_MOVE, MS_REC = 0x20, 0x1000, 0x2000, 0x4000
MS_PRIVATE = 0x40000
MNT_DETACH = 2
AT_FDCWD = -100
AT_RECURSIVE = 0x8000
MOUNT_ATTR_RDONLY = 1

PR_SET_PDEATHSIG = 1
PR_CAPBSET_DROP = 24
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38

# Since Linux 5.1 new calls have one number everywhere; the two older ones differ by table.
_MOUNT_SETATTR = 442
_PIDFD_GETFD = 438
_CAPSET = {"x86_64": 126}.get(os.uname().machine, 91)
_TGKILL = {"x86_64": 234}.get(os.uname().machine, 131)
_CAPABILITY_VERSION_3 = 0x20080522

_libc = ctypes.CDLL(None, use_errno=True)


def _checked(result: int, call: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{call}: {os.strerror(number)}")
    return result


def syscall(name: str, number: int, *args: int | bytes | ctypes.Array[ctypes.c_char]) -> int:
    """Issue a raw system call; integers are passed as longs."""
    function = _libc.syscall
    function.restype = ctypes.c_long
    passed = [ctypes.c_long(arg) if isinstance(arg, int) else arg for arg in args]
    return _checked(function(ctypes.c_long(number), *passed), name)


def unshare(flags: int) -> None:
    _checked(_libc.unshare(ctypes.c_int(flags)), "unshare")


def prctl(option: int, value: int) -> None:
    longs = [ctypes.c_ulong(number) for number in (value, 0, 0, 0)]
    _checked(_libc.prctl(ctypes.c_int(option), *longs), "prctl")


def mount(source: str, target: str, kind: str = "", flags: int = 0, data: str = "") -> None:
    encoded = [os.fsencode(text) if text else None for text in (source, target, kind, data)]
    result = _libc.mount(encoded[0], encoded[1], encoded[2], ctypes.c_ulong(flags), encoded[3])
    _checked(result, f"mount {kind or source} on {target}")


def unmount(target: str) -> None:
    _checked(_libc.umount2(os.fsencode(target), ctypes.c_int(MNT_DETACH)), f"umount {target}")


def mount_setattr(path: str, *, set_: int = 0, clear: int = 0, recursive: bool) -> None:
    """Change attributes of a mount, or of all mounts below it (Linux 5.12)."""
    attributes = ctypes.create_string_buffer(struct.pack("=QQQQ", set_, clear, 0, 0), 32)
    flags = AT_RECURSIVE if recursive else 0
    syscall("mount_setattr", _MOUNT_SETATTR, AT_FDCWD, os.fsencode(path), flags, attributes, 32)


def pidfd_getfd(pidfd: int, number: int) -> int:
    """A copy of another process's descriptor (Linux 5.6)."""
    return syscall("pidfd_getfd", _PIDFD_GETFD, pidfd, number, 0)


def tgkill(process: int, thread: int, signal: int) -> None:
    syscall("tgkill", _TGKILL, process, thread, signal)


def keep_capabilities(kept: frozenset[int]) -> None:
    """Give up every capability but these, for this process and all it will execute."""
    for number in range(_last_capability() + 1):
        if number not in kept:
            prctl(PR_CAPBSET_DROP, number)
    held = _permitted() & sum(1 << number for number in kept)
    low, high = held & 0xFFFFFFFF, held >> 32
    header = ctypes.create_string_buffer(struct.pack("=Ii", _CAPABILITY_VERSION_3, 0), 8)
    sets = struct.pack("=6I", low, low, 0, high, high, 0)
    syscall("capset", _CAPSET, header, ctypes.create_string_buffer(sets, len(sets)))


def capability(number: int) -> bool:
    """Whether this process holds a capability."""
    return bool(_permitted() >> number & 1)


def _permitted() -> int:
    with open("/proc/self/status") as status:
        return next(int(line.split()[1], 16) for line in status if line.startswith("CapPrm"))


def _last_capability() -> int:
    with open("/proc/sys/kernel/cap_last_cap") as file:
        return int(file.read())
