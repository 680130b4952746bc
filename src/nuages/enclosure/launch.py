"""Start a command in an enclosure, and hold on to it."""

from __future__ import annotations

import contextlib
import json
import marshal
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from nuages.enclosure import hosts, traces
from nuages.enclosure.copies import copy_tree, discard, write_edits
from nuages.errors import NuagesError

VARIABLE = "NUAGES_ENCLOSURE"  # read by nuages.agent.audit in the project's processes
KILL_SECONDS = 10.0
# The packages' own __init__ are not run: they import what only the tool needs, in 50 ms.
_LAUNCHER = """
import sys, types
for name in ("nuages", "nuages.enclosure"):
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__path__ = [sys.argv.pop(1)]
from nuages.enclosure.supervisor import main
main()
"""
_FOLDER = Path(__file__).parent
_PYTHON = (sys.executable, "-I", "-S", "-c", _LAUNCHER)
_Stream = int | IO[Any] | None


@dataclass(frozen=True, kw_only=True)
class Tree:
    """One of the project's source roots, and the versions of files to see instead."""

    root: Path
    edits: Mapping[str, str | bytes] = field(default_factory=dict)  # relative path → new content


@dataclass(frozen=True, kw_only=True)
class Enclosure:
    """What a command may see, write and reach."""

    scratch: Path  # writable, and where private layers go
    trees: tuple[Tree, ...]
    ledger: Path  # attempts are appended to it
    sockets: tuple[Path, ...] = ()  # folders of Unix sockets that stay reachable (PostgreSQL)
    writable: tuple[Path, ...] = ()  # folders or files
    hosts: Mapping[str, str] = field(default_factory=dict)  # host → refuse | stub:<ms> | allow
    enforce: bool = True  # False: --unenclosed, an audit hook only


class Process:
    """A running command; as `subprocess.Popen`, but its whole tree ends with it."""

    def __init__(
        self, popen: subprocess.Popen[Any], life: int, private: Path, roots: dict[Path, Path]
    ) -> None:
        self._popen = popen
        self._life = life
        self._private = private
        self.roots = roots  # source root → where the command sees it
        self.stdin, self.stdout, self.stderr = popen.stdin, popen.stdout, popen.stderr

    @property
    def pid(self) -> int:
        """Of the supervisor, which passes signals on and ends as the command does."""
        return self._popen.pid

    @property
    def returncode(self) -> int | None:
        return self._popen.returncode

    def poll(self) -> int | None:
        code = self._popen.poll()
        if code is not None:
            self._clean()
        return code

    def wait(self, timeout: float | None = None) -> int:
        """The command's exit code, negative for a signal; raises subprocess.TimeoutExpired."""
        code = self._popen.wait(timeout)
        self._clean()
        return code

    def send_signal(self, number: int) -> None:
        self._popen.send_signal(number)

    def terminate(self) -> None:
        self._popen.terminate()

    def kill(self) -> None:
        """End the command and all that it started, at once; returns when nothing is left."""
        if self.poll() is None:
            self._let_go()
            try:
                self._popen.wait(KILL_SECONDS)
            except subprocess.TimeoutExpired:
                self._popen.kill()
                self._popen.wait()
        self._clean()

    def __enter__(self) -> Process:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()
        for stream in (self.stdin, self.stdout, self.stderr):
            if stream:
                with contextlib.suppress(OSError):
                    stream.close()

    def _let_go(self) -> None:
        life, self._life = self._life, -1
        if life >= 0:
            os.close(life)

    def _clean(self) -> None:
        self._let_go()
        if self._private.exists():
            discard(str(self._private))

    def __del__(self) -> None:
        self._let_go()


def visible_roots(enclosure: Enclosure) -> dict[Path, Path]:
    """Where the command will see each source root: at its own path, or, unenclosed, as a copy."""
    roots = [tree.root.resolve() for tree in enclosure.trees]
    if enclosure.enforce:
        return {root: root for root in roots}
    return {root: enclosure.scratch / "tree" / str(n) for n, root in enumerate(roots)}


def start(
    enclosure: Enclosure,
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path,
    stdin: _Stream = None,
    stdout: _Stream = None,
    stderr: _Stream = None,
    text: bool = False,
) -> Process:
    """Start a command; it runs when this returns.

    Raises NuagesError with the slug "enclosure" where the system cannot enforce, and with
    "command" where there is no such command.
    """
    roots = visible_roots(enclosure)
    hosts.check(enclosure.hosts, enforce=enclosure.enforce)
    enclosure.ledger.touch(mode=0o600)
    private = Path(tempfile.mkdtemp(prefix="enclosure-", dir=enclosure.scratch))
    if not enclosure.enforce:
        _copy_trees(enclosure, roots)
    spec = {
        "enforce": enclosure.enforce,
        "private": str(private),
        "ledger": str(enclosure.ledger.resolve()),
        "trees": {str(tree.root.resolve()): dict(tree.edits) for tree in enclosure.trees},
        "writable": _resolved((enclosure.scratch, *enclosure.writable)),
        "sockets": _resolved(enclosure.sockets),
        "stubs": hosts.stubs(enclosure.hosts),
        "argv": [os.fspath(word) for word in argv],
        "env": _child_environment(enclosure, private, roots, env),
        "cwd": str(_mapped(cwd.resolve(), roots)),
    }
    streams = {"stdin": stdin, "stdout": stdout, "stderr": stderr, "text": text}
    try:
        popen, life = _spawn(spec, streams)
    except BaseException:
        discard(str(private))
        raise
    return Process(popen, life, private, roots)


def _resolved(paths: Sequence[Path]) -> list[str]:
    return [str(path.resolve()) for path in paths]


def _mapped(path: Path, roots: Mapping[Path, Path]) -> Path:
    """A path as the command sees it; the innermost root wins."""
    for root in sorted(roots, key=lambda root: -len(root.parts)):
        if path.is_relative_to(root):
            return roots[root] / path.relative_to(root)
    return path


def _copy_trees(enclosure: Enclosure, roots: Mapping[Path, Path]) -> None:
    for tree in enclosure.trees:
        copy = roots[tree.root.resolve()]
        if copy.exists():
            discard(str(copy))
        copy_tree(str(tree.root), str(copy))
        write_edits(str(copy), tree.edits, like=str(copy))


def _child_environment(
    enclosure: Enclosure, private: Path, roots: Mapping[Path, Path], env: Mapping[str, str]
) -> dict[str, str]:
    """The caller's, plus what the audit hook needs to know; paths mapped where trees are copied."""
    told = {
        "run": private.name,
        "enforced": enclosure.enforce,
        "signal": traces.SIGNAL if enclosure.enforce else 0,
        "trace": str(private / "trace"),
        "hosts": dict(enclosure.hosts),
        "writable": _resolved((enclosure.scratch, *enclosure.writable, enclosure.ledger)),
        "sockets": _resolved(enclosure.sockets),
    }
    added = {VARIABLE: json.dumps(told)}
    if not enclosure.enforce:
        given = [Path(p) for p in env.get("PYTHONPATH", "").split(os.pathsep) if p]
        entries = [_mapped(path.absolute(), roots) for path in given]
        entries += [place for copy in roots.values() for place in (copy, copy / "src")]
        added["PYTHONPATH"] = os.pathsep.join(
            dict.fromkeys(str(path) for path in entries if path.is_dir())
        )
    return {**env, **added}


def _spawn(spec: dict[str, Any], streams: dict[str, Any]) -> tuple[subprocess.Popen[Any], int]:
    """Start the supervisor, wait until the command runs in it; gives the end of its life line."""
    spec_read, spec_write = os.pipe()
    report_read, report_write = os.pipe()
    life_read, life_write = os.pipe()
    try:
        popen: subprocess.Popen[Any] = subprocess.Popen(
            [*_PYTHON, str(_FOLDER.parent), str(_FOLDER), str(spec_read)],
            pass_fds=(spec_read, report_write, life_read),
            start_new_session=True,  # Ctrl-C is the tool's to handle; it ends the command itself
            **streams,
        )
    except BaseException:
        os.close(life_write)
        os.close(spec_write)
        os.close(report_read)
        raise
    finally:
        for fd in (spec_read, report_write, life_read):
            os.close(fd)
    with open(report_read, "rb") as report:
        with open(spec_write, "wb") as pipe, contextlib.suppress(BrokenPipeError):
            marshal.dump({**spec, "report": report_write, "life": life_read}, pipe)
        failure = report.read()
    if failure:
        os.close(life_write)
        popen.wait()
        raise _explained(*os.fsdecode(failure.splitlines()[0]).split("\t", 1))
    return popen, life_write


def _explained(step: str, message: str) -> NuagesError:
    if step == "command":
        return NuagesError(
            f"cannot run {message}",
            hint="name a command that exists, or give the project's interpreter by --python",
            slug="command",
        )
    return NuagesError(
        f"this system cannot enclose the project: {message}",
        hint="run `nuages enclosure` for the reason, or accept less with --unenclosed",
        slug="enclosure",
    )
