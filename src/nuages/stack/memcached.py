"""Memcached: a cache for projects that ask for it; nuages installs none."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from nuages.stack.child import Order
from nuages.stack.valkey import ask


@dataclass(frozen=True, kw_only=True)
class Memcached:
    """One server on a socket."""

    program: Path
    folder: Path
    memory_mb: int = 128
    name: str = "memcached"

    @property
    def socket(self) -> Path:
        return self.folder / f"{self.name}.sock"

    @property
    def url(self) -> str:
        """What clients are given."""
        return f"unix:{self.socket}"

    def order(self) -> Order:
        """How it is run; it refuses root unless told who to be."""
        user = ("-u", "root") if os.geteuid() == 0 else ()
        return Order(
            name=self.name,
            argv=(
                str(self.program), "-s", str(self.socket), "-a", "700",
                "-m", str(self.memory_mb), *user,
            ),
            environment={"PATH": os.environ.get("PATH", os.defpath)},
            cwd=self.folder,
            grace=5.0,
        )  # fmt: skip

    def answers(self) -> bool:
        """Whether it answers."""
        return ask(self.socket, b"version\r\n").startswith(b"VERSION")

    def figures(self) -> dict[str, str]:
        """`stats`: hits, misses, memory, connections, by their names there."""
        answer = ask(self.socket, b"stats\r\n", lambda data: data.endswith(b"END\r\n"))
        lines = answer.decode("utf-8", "replace").splitlines()
        return dict(line.split(" ", 2)[1:] for line in lines if line.startswith("STAT "))


def find(told: str = "") -> Path | None:
    """The program that was told, or the system's."""
    found = told or shutil.which("memcached")
    return Path(found) if found else None
