"""What a call wants to reach, read from the caller's memory, and whether it may."""

from __future__ import annotations

import contextlib
import os
import socket
import stat
import struct
import time
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from nuages.enclosure import linux
from nuages.enclosure.seccomp import Calls, Notification

ADDRESS_MOST = 128  # sizeof(struct sockaddr_storage)
MESSAGES_MOST = 1024  # UIO_MAXIOV, the kernel's own bound on sendmmsg
DNS_PORT = 53
LISTENING_SECONDS = 1.0
_MAPPED = bytes(10) + b"\xff\xff"  # ::ffff:0:0/96, IPv4 in IPv6
# Where the C library asks for names (nscd, sssd, systemd): their host would resolve on our behalf.
NAME_SERVICES = ("/nscd/", "/sss/pipes/", "/systemd/userdb/", "/io.systemd.")
_HARMLESS_FAMILIES = (socket.AF_UNSPEC, getattr(socket, "AF_NETLINK", 16))


class Address(NamedTuple):
    """A socket address as the kernel gets it."""

    family: int
    host: str = ""
    port: int = 0
    path: str = ""  # of a Unix socket; abstract ones begin with "@"


class Attempt(NamedTuple):
    """A call that is refused."""

    kind: str  # "connect", "resolve", "unix"
    target: str
    host: str = ""


class Caller(NamedTuple):
    """The thread whose call is judged, as the supervisor sees it."""

    thread: int
    process: int
    inner: int  # the process's number inside its own namespace
    ancestors: tuple[int, ...]  # inner numbers, parents first


def parse(raw: bytes) -> Address | None:
    """Decode struct sockaddr; None when it is too short to be one."""
    if len(raw) < 2:
        return None
    (family,) = struct.unpack_from("=H", raw)
    if family == socket.AF_UNIX:
        return Address(family=family, path=_unix_path(raw[2:]))
    if family == socket.AF_INET and len(raw) >= 8:
        (port,) = struct.unpack_from("!H", raw, 2)
        return Address(family=family, host=socket.inet_ntop(socket.AF_INET, raw[4:8]), port=port)
    if family == socket.AF_INET6 and len(raw) >= 24:
        (port,) = struct.unpack_from("!H", raw, 2)
        return Address(family=family, host=_ipv6(raw[8:24]), port=port)
    return Address(family=family)


def _ipv6(packed: bytes) -> str:
    if packed.startswith(_MAPPED):
        return socket.inet_ntop(socket.AF_INET, packed[len(_MAPPED) :])
    return socket.inet_ntop(socket.AF_INET6, packed)


def _unix_path(raw: bytes) -> str:
    if raw[:1] == b"\0":
        return "@" + os.fsdecode(raw[1:])
    return os.fsdecode(raw.split(b"\0", 1)[0])


def addresses(call: Notification, numbers: Calls) -> Iterator[bytes]:
    """The addresses that a call carries; none when it goes to where its socket is connected."""
    with open(f"/proc/{call.thread}/mem", "rb", buffering=0) as memory:

        def read(at: int, size: int) -> bytes:
            return os.pread(memory.fileno(), size, at) if at and size else b""

        def name_of(message: int) -> bytes:
            pointer, size = struct.unpack("=QI", read(message, 12))
            return read(pointer, min(size, ADDRESS_MOST))

        if call.call == numbers.connect:
            yield read(call.args[1], min(call.args[2] & 0xFFFFFFFF, ADDRESS_MOST))
        elif call.call == numbers.sendto:
            yield read(call.args[4], min(call.args[5] & 0xFFFFFFFF, ADDRESS_MOST))
        elif call.call == numbers.sendmsg:
            yield name_of(call.args[1])
        elif call.call == numbers.sendmmsg:
            for index in range(min(call.args[2] & 0xFFFFFFFF, MESSAGES_MOST)):
                yield name_of(call.args[1] + 64 * index)  # sizeof(struct mmsghdr)


def caller(thread: int) -> Caller:
    """Who calls; OSError when it is gone."""
    status = _status(thread)
    ancestors: list[int] = []
    parent = int(status["PPid"])
    while parent:
        above = _status(parent)
        inner = above["NSpid"].split()
        if len(inner) < 2 or len(ancestors) > 64:
            break
        ancestors.append(int(inner[-1]))
        parent = int(above["PPid"])
    process = int(status["Tgid"])
    inner_process = int(status["NStgid"].split()[-1])
    return Caller(thread=thread, process=process, inner=inner_process, ancestors=tuple(ancestors))


def catches(thread: int, number: int) -> bool:
    """Whether the thread would run a handler of its own for this signal now."""
    status = _status(thread)
    bit = 1 << (number - 1)
    return bool(int(status["SigCgt"], 16) & bit) and not int(status["SigBlk"], 16) & bit


def _status(pid: int) -> dict[str, str]:
    with open(f"/proc/{pid}/status") as file:
        return {key: value.strip() for key, _, value in (line.partition(":") for line in file)}


class Border:
    """Judges addresses: loopback inside and allowed Unix sockets pass, all else is refused."""

    def __init__(self, open_paths: tuple[str, ...], stubs: Mapping[str, float]) -> None:
        self._open = tuple(os.path.realpath(path) for path in open_paths)
        self._stubs = stubs
        self._listening: dict[int, float] = {}  # port → until when this is taken for true

    def judge(self, address: Address, thread: int, socket_fd: int) -> Attempt | None:
        """None lets the call pass."""
        if address.family in _HARMLESS_FAMILIES:
            return None
        if address.family == socket.AF_UNIX:
            return self._judge_unix(address.path, thread)
        if address.family not in (socket.AF_INET, socket.AF_INET6):
            return Attempt(kind="connect", target=f"address family {address.family}")
        return self._judge_internet(address, thread, socket_fd)

    def seconds(self, attempt: Attempt) -> float:
        """How long a stub lets the caller wait before it refuses."""
        for key in (attempt.target, attempt.host):
            if key in self._stubs:
                return self._stubs[key]
        return 0.0

    def _judge_internet(self, address: Address, thread: int, socket_fd: int) -> Attempt | None:
        """Port 0 is how the C library sorts addresses: it connects datagram sockets to nowhere."""
        if _is_loopback(address.host) and (
            address.port == 0 or self._listens(thread, address.port)
        ):
            return None
        return _attempt(address, datagram=_is_datagram(thread, socket_fd))

    def _listens(self, thread: int, port: int) -> bool:
        """Remembered for a second: after 300 connections reading the table takes 1.5 ms."""
        now = time.monotonic()
        if self._listening.get(port, 0.0) < now and _somebody_listens(thread, port):
            self._listening[port] = now + LISTENING_SECONDS
        return self._listening.get(port, 0.0) >= now

    def _judge_unix(self, path: str, thread: int) -> Attempt | None:
        if not path or path.startswith("@"):
            return None if not path or _abstract_exists(thread, path) else _unix(path)
        with contextlib.suppress(OSError):
            path = os.path.join(os.readlink(f"/proc/{thread}/cwd"), path)
        outside = os.path.realpath(path)
        if any(outside == root or outside.startswith(f"{root}/") for root in self._open):
            return None
        if _is_socket(outside):
            return _unix(path)
        if os.path.exists(f"/proc/{thread}/root{path}"):
            return None  # made inside: the machine has no socket of that name
        return None if any(name in path for name in NAME_SERVICES) else _unix(path)


def _attempt(address: Address, *, datagram: bool) -> Attempt:
    host = f"[{address.host}]" if ":" in address.host else address.host
    if address.port == DNS_PORT:
        return Attempt(kind="resolve", target=f"{host}:{address.port}", host=address.host)
    protocol = "/udp" if datagram else ""
    return Attempt(kind="connect", target=f"{host}:{address.port}{protocol}", host=address.host)


def _unix(path: str) -> Attempt:
    named = any(name in path for name in NAME_SERVICES)
    return Attempt(kind="resolve" if named else "unix", target=path)


def _is_loopback(host: str) -> bool:
    return host.startswith("127.") or host in ("0.0.0.0", "::1", "::")


def _is_socket(path: str) -> bool:
    try:
        return stat.S_ISSOCK(os.stat(path).st_mode)
    except OSError:
        return False


def _is_datagram(thread: int, fd: int) -> bool:
    with contextlib.suppress(OSError):
        pidfd = os.pidfd_open(int(_status(thread)["Tgid"]))
        try:
            with socket.socket(fileno=linux.pidfd_getfd(pidfd, fd)) as copied:
                return copied.type == socket.SOCK_DGRAM
        finally:
            os.close(pidfd)
    return False


def _somebody_listens(thread: int, port: int) -> bool:
    """Whether a socket of the caller's own network waits for callers at this port."""
    end = f":{port:04X}"
    for table, waiting in (("tcp", "0A"), ("tcp6", "0A"), ("udp", "07"), ("udp6", "07")):
        with contextlib.suppress(OSError), open(f"/proc/{thread}/net/{table}") as lines:
            next(lines)
            for line in lines:
                _number, local, _remote, state, *_rest = line.split()
                if state == waiting and local.endswith(end):
                    return True
    return False


def _abstract_exists(thread: int, path: str) -> bool:
    shown = path.rstrip("\0").replace("\0", "@")
    with contextlib.suppress(OSError), open(f"/proc/{thread}/net/unix") as lines:
        return any(line.rstrip("\n").endswith(f" {shown}") for line in lines)
    return True
