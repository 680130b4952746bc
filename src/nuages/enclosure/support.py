"""What this operating system can enforce, found by trying."""

from __future__ import annotations

import functools
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from nuages.enclosure import seccomp
from nuages.enclosure.launch import Enclosure, Tree, start
from nuages.errors import NuagesError

_APPARMOR = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")
_DEBIAN = Path("/proc/sys/kernel/unprivileged_userns_clone")
_LIMIT = Path("/proc/sys/user/max_user_namespaces")
_PROBE_SECONDS = 20


@dataclass(frozen=True, kw_only=True)
class Support:
    """Whether an enclosure can be enforced here."""

    missing: str = ""  # the reason why not; "" when it can

    @property
    def enforced(self) -> bool:
        return not self.missing


@functools.cache
def support() -> Support:
    """Start an empty command in an enclosure, once per process (50 ms)."""
    if sys.platform != "linux":
        return Support(missing=f"namespaces are Linux's; this is {sys.platform}")
    if seccomp.calls() is None:
        return Support(missing="the system-call filter knows x86_64, aarch64 and riscv64 only")
    try:
        with tempfile.TemporaryDirectory(prefix="nuages-probe-") as name:
            return _probe(Path(name).resolve())
    except OSError as error:
        return Support(missing=f"no temporary folder to try in: {error.strerror}")


def _probe(folder: Path) -> Support:
    tree, scratch = folder / "tree", folder / "scratch"
    tree.mkdir()
    scratch.mkdir()
    empty = Enclosure(scratch=scratch, trees=(Tree(root=tree),), ledger=scratch / "ledger.jsonl")
    try:
        with start(empty, (), env={}, cwd=tree) as process:
            code = process.wait(_PROBE_SECONDS)
    except NuagesError as error:
        return Support(missing=_reason(error.message))
    return Support() if code == 0 else Support(missing=f"an empty command ended with {code}")


def _reason(message: str) -> str:
    """The step that failed, and the switch that most often stands behind it."""
    failed = message.partition(": ")[2]
    for switch, forbids in ((_APPARMOR, "1"), (_DEBIAN, "0"), (_LIMIT, "0")):
        if switch.is_file() and switch.read_text().strip() == forbids:
            name = ".".join(switch.parts[3:])
            return f"{failed} (sysctl {name} is {forbids})"
    if Path("/.dockerenv").exists() or Path("/run/.containerenv").exists():
        return f"{failed} (in a container: needs --cap-add SYS_ADMIN and an open seccomp profile)"
    return failed
