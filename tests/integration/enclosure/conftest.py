"""An enclosure around a small tree, and a way to run Python in it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from nuages import enclosure


@dataclass
class Around:
    """A tree with one file, enclosed."""

    folder: Path
    made: enclosure.Enclosure
    started: list[enclosure.Process] = field(default_factory=list)

    @property
    def tree(self) -> Path:
        return self.folder / "tree"

    def change(self, **values: Any) -> None:
        self.made = replace(self.made, **values)

    def start(self, *argv: str, env: dict[str, str] | None = None, **streams: Any) -> Any:
        process = enclosure.start(
            self.made, argv, env=env or {"PATH": "/usr/bin:/bin"}, cwd=self.tree, **streams
        )
        self.started.append(process)
        return process

    def python(self, code: str) -> str:
        """What the code prints; it must end well."""
        process = self.start(
            sys.executable, "-c", code, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        output, errors = process.stdout.read().decode(), process.stderr.read().decode()
        assert process.wait(30) == 0, errors
        return str(output).rstrip("\n")

    def ledger(self) -> tuple[Any, ...]:
        return enclosure.ledger(self.made.ledger)


@pytest.fixture(params=["enclosed", "unenclosed"])
def around(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Around]:
    enforce = request.param == "enclosed"
    if enforce and enclosure.support().missing:
        pytest.skip(enclosure.support().missing)
    yield from _around(tmp_path, enforce=enforce)


@pytest.fixture
def enclosed(tmp_path: Path) -> Iterator[Around]:
    if enclosure.support().missing:
        pytest.skip(enclosure.support().missing)
    yield from _around(tmp_path, enforce=True)


def _around(folder: Path, *, enforce: bool) -> Iterator[Around]:
    for name in ("tree", "scratch"):
        (folder / name).mkdir()
    (folder / "tree/greeting.txt").write_text("hello")
    made = Around(
        folder=folder,
        made=enclosure.Enclosure(
            scratch=folder / "scratch",
            trees=(enclosure.Tree(root=folder / "tree"),),
            ledger=folder / "ledger.jsonl",
            enforce=enforce,
        ),
    )
    yield made
    for process in made.started:
        process.kill()
