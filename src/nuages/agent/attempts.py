"""Which audit events are attempts to leave the enclosure, and what becomes of them."""

from __future__ import annotations

import ipaddress
import os
import shlex
import socket
import tempfile
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

TARGET_MOST = 300  # characters of a command or path in the ledger
# Devices and the process's own files; what of them is dangerous is not in the enclosure's /dev.
_KERNEL_FOLDERS = ("/dev", "/proc", "/sys")
# Audit event → positions of (path, its directory's descriptor); -1: it has none.
_PATHS: Mapping[str, tuple[tuple[int, int], ...]] = {
    "open": ((0, -1),),
    "os.remove": ((0, 1),),
    "os.rmdir": ((0, 1),),
    "os.mkdir": ((0, 2),),
    "os.rename": ((0, 2), (1, 3)),
    "os.link": ((1, 3),),
    "os.symlink": ((1, 2),),
    "os.truncate": ((0, -1),),
    "os.chmod": ((0, 2),),
    "os.chown": ((0, 3),),
    "os.utime": ((0, 3),),
    "os.setxattr": ((0, -1),),
}
_MAY_BE_NEW = frozenset({"open", "os.mkdir", "os.link", "os.symlink"})
_FOLLOWS_LINKS = frozenset({"open", "os.truncate", "os.chmod", "os.chown", "os.utime"})
_COMMANDS = {
    "subprocess.Popen": 1, "os.system": 0, "os.exec": 1, "os.posix_spawn": 1, "os.spawn": 2,
    "pty.spawn": 0,
}  # fmt: skip
_NAMES = ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr")


@dataclass(frozen=True, slots=True)
class Attempt:
    """Something that the enclosure refuses or contains."""

    kind: str
    target: str
    verdict: str  # "denied" | "contained" | "allowed"
    seconds: float = 0.0  # of a stubbed host: how long the caller waits
    silent: bool = False  # refused, but not worth telling

    def allowed(self) -> Attempt:
        return replace(self, verdict="allowed", seconds=0.0)


Handler = Callable[["Surroundings", tuple[Any, ...]], tuple[Attempt, ...]]


class Surroundings:
    """Where this process runs: what it may write, and whom it may reach."""

    def __init__(self, *, roots: tuple[str, ...], told: Mapping[str, Any]) -> None:
        self.enforced: bool = told.get("enforced", True)
        self._hosts: Mapping[str, str] = told.get("hosts", {})
        own = (*told.get("sockets", ()), *told.get("writable", ()), *roots)
        self._own = tuple(os.path.realpath(path) for path in own)
        self._verdicts: dict[str, str] = dict.fromkeys(("/tmp", "/var/tmp"), "")
        self._verdicts |= dict.fromkeys(_KERNEL_FOLDERS, "")
        self._verdicts[os.path.realpath(tempfile.gettempdir())] = ""
        self._verdicts |= {os.path.realpath(path): "" for path in told.get("writable", ())}
        self._verdicts |= {os.path.realpath(path): "contained" for path in roots}
        self._bound: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        self._reachable: set[str] = set()  # addresses of allowed hosts
        self._local_names: frozenset[str] | None = None

    def write(self, path: str) -> str:
        """The verdict on writing there; "" when it is scratch space. The innermost folder wins."""
        folder = path
        while True:
            verdict = self._verdicts.get(folder)
            if verdict is not None:
                return verdict
            parent = os.path.dirname(folder)
            if parent == folder:
                return "denied"
            folder = parent

    def bind(self, bound: Any) -> None:
        self._bound.add(bound)

    def listens(self, port: int) -> bool:
        """Whether the project itself waits for callers at a loopback port."""
        if self.enforced:
            return _listed(port)
        return any(_port_of(bound) == port for bound in list(self._bound))

    def reaches(self, host: str) -> bool:
        return host in self._reachable or self._hosts.get(host) == "allow"

    def resolves(self, host: str) -> bool:
        """Whether the name needs nobody outside; an allowed host's addresses are remembered."""
        if _is_numeric(host) or host in self._names():
            return True
        if self.enforced or self._hosts.get(host) != "allow":
            return False
        found = socket.getaddrinfo(host, None)
        self._reachable.update(str(info[4][0]) for info in found)
        return True

    def seconds(self, *keys: str) -> float:
        policies = [self._hosts[key] for key in keys if key in self._hosts]
        stub = next((policy for policy in policies if policy.startswith("stub:")), "stub:0")
        return float(stub.partition(":")[2]) / 1000

    def socket_open(self, path: str) -> bool:
        """Whether a Unix socket is the project's or its database's; in /tmp any could lie."""
        real = os.path.realpath(path)
        return any(real.startswith(f"{folder}{os.sep}") for folder in self._own)

    def _names(self) -> frozenset[str]:
        if self._local_names is None:
            self._local_names = frozenset({"", "localhost", socket.gethostname(), *_hosts_file()})
        return self._local_names


def handlers() -> dict[str, Handler]:
    """By audit event."""
    table: dict[str, Handler] = {
        "socket.connect": _connect,
        "socket.sendto": _connect,
        "socket.sendmsg": _connect,
        "socket.bind": _bind,
    }
    table |= {event: _writer(event) for event in _PATHS}
    table |= {event: _command(position) for event, position in _COMMANDS.items()}
    table |= dict.fromkeys(_NAMES, _resolve)
    return table


def _writer(event: str) -> Handler:
    positions = _PATHS[event]

    def attempts(surroundings: Surroundings, args: tuple[Any, ...]) -> tuple[Attempt, ...]:
        found = []
        for path_at, folder_at in positions:
            folder = args[folder_at] if 0 <= folder_at < len(args) else -1
            path = _absolute(args[path_at], folder)
            if path is None or not (event in _MAY_BE_NEW or os.path.lexists(path)):
                continue
            if event == "os.mkdir" and os.path.isdir(path):
                continue
            real = _real(path, follow=event in _FOLLOWS_LINKS)
            if verdict := surroundings.write(real):
                silent = f"{os.sep}__pycache__{os.sep}" in real
                found.append(Attempt("write", real[:TARGET_MOST], verdict, silent=silent))
        return tuple(found)

    return attempts


def _absolute(path: Any, folder: Any) -> str | None:
    """None for descriptors: what is open already was judged when it was opened."""
    if isinstance(path, int) or path is None:
        return None
    text = os.fsdecode(path)
    if isinstance(folder, int) and folder >= 0:
        text = os.path.join(os.readlink(f"/proc/self/fd/{folder}"), text)
    return os.path.abspath(text)


def _real(path: str, *, follow: bool) -> str:
    if follow:
        return os.path.realpath(path)
    head, tail = os.path.split(path)
    return os.path.join(os.path.realpath(head), tail)


def _command(position: int) -> Handler:
    def attempts(surroundings: Surroundings, args: tuple[Any, ...]) -> tuple[Attempt, ...]:
        given = args[position]
        if isinstance(given, str | bytes | os.PathLike):
            text = os.fsdecode(given)
        else:
            text = shlex.join(os.fsdecode(part) for part in given)
        verdict = "contained" if surroundings.enforced else "allowed"
        return (Attempt("subprocess", text[:TARGET_MOST], verdict),)

    return attempts


def _bind(surroundings: Surroundings, args: tuple[Any, ...]) -> tuple[Attempt, ...]:
    surroundings.bind(args[0])
    return ()


def _connect(surroundings: Surroundings, args: tuple[Any, ...]) -> tuple[Attempt, ...]:
    bound, address = args[0], args[1]
    if address is None:
        return ()
    if bound.family == getattr(socket, "AF_UNIX", None):
        return _connect_unix(surroundings, os.fsdecode(address))
    if bound.family not in (socket.AF_INET, socket.AF_INET6):
        return ()
    host, port = str(address[0]), int(address[1])
    numeric = _numeric(host)
    if surroundings.reaches(host) or (_is_loopback(numeric) and surroundings.listens(port)):
        return ()
    shown = f"[{numeric}]:{port}" if ":" in numeric else f"{numeric}:{port}"
    udp = bound.type == socket.SOCK_DGRAM
    kind = "resolve" if port == 53 else "connect"
    target = f"{shown}/udp" if udp and port != 53 else shown
    # Inside an enclosure the supervisor waits for stubbed addresses.
    seconds = 0.0 if surroundings.enforced else surroundings.seconds(target, host)
    return (Attempt(kind, target, "denied", seconds),)


def _connect_unix(surroundings: Surroundings, path: str) -> tuple[Attempt, ...]:
    """Inside an enclosure only the supervisor sees which sockets are the machine's."""
    if surroundings.enforced or surroundings.socket_open(path):
        return ()
    return (Attempt("unix", path.replace("\0", "@"), "denied"),)


def _resolve(surroundings: Surroundings, args: tuple[Any, ...]) -> tuple[Attempt, ...]:
    host = args[0]
    if host is None:
        return ()
    name = host.decode(errors="replace") if isinstance(host, bytes) else str(host)
    if surroundings.resolves(name.rstrip(".").lower()):
        return ()
    return (Attempt("resolve", name, "denied", surroundings.seconds(name)),)


def _numeric(host: str) -> str:
    """An address in one spelling, "127.0.0.1" for the local name; other names as they are."""
    if host in ("", "localhost"):
        return "127.0.0.1"
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    return str(getattr(address, "ipv4_mapped", None) or address)


def _is_numeric(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def _is_loopback(numeric: str) -> bool:
    try:
        address = ipaddress.ip_address(numeric)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _listed(port: int) -> bool:
    """Whether a socket of this network namespace is open for callers at the port."""
    end = f":{port:04X}"
    for table, state in (("tcp", "0A"), ("tcp6", "0A"), ("udp", "07"), ("udp6", "07")):
        try:
            with open(f"/proc/self/net/{table}") as lines:
                rows = [line.split(None, 4) for line in lines]
        except OSError:
            continue
        if any(row[3] == state and row[1].endswith(end) for row in rows[1:]):
            return True
    return False


def _port_of(bound: socket.socket) -> int:
    try:
        return int(bound.getsockname()[1])
    except (OSError, IndexError, ValueError):
        return 0


def _hosts_file() -> set[str]:
    try:
        with open("/etc/hosts", errors="replace") as lines:
            return {name for line in lines for name in line.partition("#")[0].split()[1:]}
    except OSError:
        return set()
