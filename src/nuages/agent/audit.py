"""Names the origin of every attempt to leave the enclosure, from inside the project's process."""

from __future__ import annotations

import atexit
import errno
import faulthandler
import fcntl
import json
import os
import socket
import sys
import threading
import time
from typing import Any, Protocol

from nuages.agent.attempts import Attempt, Surroundings, handlers
from nuages.agent.origin import Origins, Site

VARIABLE = "NUAGES_ENCLOSURE"  # set by nuages.enclosure.launch
KEYS_MOST = 2_000  # different attempts that one process tells apart
EXACT_MOST = 16  # after which a count is written only when it doubles, and at exit
_HIGH_DESCRIPTOR = 500  # daemons close the low ones and use them again
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

_watch: Watch | None = None
_hooked = False


class Config(Protocol):
    """What is needed of an AttachConfig."""

    @property
    def roots(self) -> Any: ...
    @property
    def ledger(self) -> str | None: ...


def install(config: Config) -> None:
    """Watch this process and its forks; the ledger gets a line per attempt.

    Inside an enclosure the kernel refuses and this only tells. Outside (`--unenclosed`) this
    refuses too, what Python does: C clients are not covered. With neither it only tells.
    """
    global _watch, _hooked
    told = json.loads(os.environ.get(VARIABLE) or "{}")
    uninstall()
    if not config.ledger:
        return
    _watch = Watch(config.ledger, dict(config.roots), told)
    _dump_stacks_on(told)
    if not _hooked:  # the interpreter has no way to take a hook out again
        sys.addaudithook(_hook)
        os.register_at_fork(after_in_child=_after_fork)
        atexit.register(_at_exit)
        _hooked = True


def uninstall() -> None:
    """Watch no longer."""
    global _watch
    if _watch:
        _watch.origins.undo()
    _watch = None


def note(kind: str, target: str, verdict: str = "contained") -> None:
    """Tell the ledger of what a scratch setting caught: mail, a task, an upload."""
    if _watch:
        _watch.tell(Attempt(kind, target, verdict), via="overlay")


def _hook(event: str, args: tuple[Any, ...]) -> None:
    # Called for every audit event, hundreds of imports and id()s a request: leave at once.
    if event == "open":
        if not args[2] & _WRITING:
            return
    elif event not in _EVENTS:
        return
    if _watch is not None:
        _watch.see(event, args)


class Watch:
    """What this process has tried so far."""

    def __init__(self, ledger: str, roots: dict[str, str], told: dict[str, Any]) -> None:
        self.origins = Origins(roots)
        self.surroundings = Surroundings(roots=tuple(roots.values()), told=told)
        self._ledger = ledger
        self._refuse = told.get("enforced") is False
        self._observe = not told
        self._run = told.get("run", "")  # numbers of processes come again in every enclosure
        self._busy = threading.local()
        self._counts: dict[tuple[Any, ...], int] = {}
        self._lines: dict[tuple[Any, ...], dict[str, Any]] = {}
        self.origins.follow_threads()
        self._append({"roots": roots})

    def see(self, event: str, args: tuple[Any, ...]) -> None:
        """Judge one audit event; raises only to refuse where the kernel does not."""
        if getattr(self._busy, "on", False):
            return
        self._busy.on = True
        refusal: OSError | None = None
        try:
            for attempt in _EVENTS[event](self.surroundings, args):
                self.tell(self._seen(attempt))
                refusal = refusal or self._refusal(attempt)
        except Exception:
            return  # an odd argument is the project's affair: the call itself will say so
        finally:
            self._busy.on = False
        if refusal is not None:
            raise refusal

    def tell(self, attempt: Attempt, via: str = "audit") -> None:
        """Count an attempt, and write its line if the count is worth one."""
        if attempt.silent:
            return
        site = self.origins.here()
        key = (attempt.kind, attempt.target, attempt.verdict, via, site and (id(site[0]), site[1]))
        if key not in self._counts and len(self._counts) >= KEYS_MOST:
            key = (attempt.kind, "(other)", attempt.verdict, via, None)
            site = None
        count = self._counts[key] = self._counts.get(key, 0) + 1
        if count == 1:
            self._lines[key] = self._line(key, site)
        if count <= EXACT_MOST or count & (count - 1) == 0:
            self._append({**self._lines[key], **self._who(), "n": count})

    def flush(self) -> None:
        for key, count in list(self._counts.items()):
            if count > EXACT_MOST:
                self._append({**self._lines[key], **self._who(), "n": count})

    def _who(self) -> dict[str, Any]:
        return {"run": self._run, "pid": os.getpid()}

    def forget(self) -> None:
        """In a fork: the counts are the parent's."""
        self._counts.clear()
        self._lines.clear()
        self._busy = threading.local()

    def _line(self, key: tuple[Any, ...], site: Site | None) -> dict[str, Any]:
        kind, target, verdict, via, _ = key
        # The code object is kept, so that its id in the key stays taken.
        self._lines[(key, "kept")] = {"site": site}
        origin = self.origins.location(site) if site else None
        return {"kind": kind, "target": target, "verdict": verdict, "via": via, "origin": origin}

    def _append(self, line: dict[str, Any]) -> None:
        """One write on a descriptor opened for it: a daemon may have closed any other."""
        data = json.dumps(line).encode(errors="backslashreplace") + b"\n"
        try:
            fd = os.open(self._ledger, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        except OSError:
            return
        try:
            os.write(fd, data)
        finally:
            os.close(fd)

    def _seen(self, attempt: Attempt) -> Attempt:
        if self._observe and attempt.verdict == "denied":
            return attempt.allowed()
        return attempt

    def _refusal(self, attempt: Attempt) -> OSError | None:
        if attempt.verdict != "denied" or self._observe:
            return None
        if attempt.seconds:
            time.sleep(attempt.seconds)
        return _error(attempt) if self._refuse else None


def _error(attempt: Attempt) -> OSError:
    """What the system would raise."""
    if attempt.kind == "resolve":
        return socket.gaierror(socket.EAI_AGAIN, "nuages: no names outside the enclosure")
    if attempt.kind == "write":
        return OSError(errno.EROFS, os.strerror(errno.EROFS), attempt.target)
    return ConnectionRefusedError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))


def _dump_stacks_on(told: dict[str, Any]) -> None:
    """Let the supervisor learn where a C client's call comes from, even while it holds the GIL."""
    number, path = told.get("signal"), told.get("trace")
    if not number or not path:
        return
    fd = os.open(path, os.O_WRONLY | os.O_APPEND)
    try:
        high = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, _HIGH_DESCRIPTOR)
    except OSError:  # beyond this process's limit
        return
    finally:
        os.close(fd)
    faulthandler.register(number, file=high, all_threads=False, chain=False)


def _after_fork() -> None:
    if _watch:
        _watch.forget()


def _at_exit() -> None:
    if _watch:
        _watch.flush()


_EVENTS = handlers()
