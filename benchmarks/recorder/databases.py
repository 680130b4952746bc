"""A database for each contender, with the same rows; their own tables go beside them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.recorder.contenders import BARE
from benchmarks.recorder.processes import Worker
from nuages.stack.databases import ScratchDatabases, start_postgres, start_sqlite
from nuages.stack.postgres import PORT, USER

SOURCE = "nuages_source"
IN_MEMORY = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}


class Filled:
    """Copies of one filled database."""

    def __init__(self, databases: ScratchDatabases, scratch: Path) -> None:
        self._databases = databases
        self._made = 0
        databases.create([SOURCE])
        Worker(BARE, scratch / "fill", self._settings(SOURCE), fill=True).stop()
        databases.analyze([SOURCE])

    def another(self) -> dict[str, Any]:
        """Django's settings of a copy that nobody else uses."""
        self._made += 1
        name = f"nuages_copy_{self._made}"
        self._databases.clone(SOURCE, name)
        return self._settings(name)

    def _settings(self, name: str) -> dict[str, Any]:
        if self._databases.socket_dir is None:
            path = f"{self._databases.folder}/{name}.sqlite3"
            return {"ENGINE": "django.db.backends.sqlite3", "NAME": path}
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": name,
            "USER": USER,
            "HOST": str(self._databases.socket_dir),
            "PORT": str(PORT),
        }


@contextmanager
def filled(scratch: Path, *, sqlite: bool) -> Iterator[Filled]:
    """A server with the site's rows, stopped at the end."""
    folder = scratch / "server"  # the server's own, removed when it stops
    folder.mkdir(mode=0o711)
    with start_sqlite(folder) if sqlite else start_postgres(folder) as databases:
        yield Filled(databases, scratch)
