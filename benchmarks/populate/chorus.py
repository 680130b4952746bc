"""The example project on a scratch server, and rows of one of its models by nuages or raw COPY."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psycopg

from nuages.agent.attach import AttachConfig
from nuages.attach import prepare
from nuages.populate.binary import END, HEADER, RowWriter
from nuages.populate.columns import Chunk
from nuages.populate.filling import Filling
from nuages.populate.permutation import Permutation
from nuages.populate.planning import TablePlan
from nuages.populate.postgres import BATCH, PostgresTarget
from nuages.populate.progressing import Pace
from nuages.populate.schema import units
from nuages.populate.treatment import quoted
from nuages.project import Project, discover
from nuages.scratch import Scratch
from nuages.session import AgentSession
from nuages.stack import sidepackages
from nuages.stack.databases import PostgresDatabases, start_postgres

ROOT = Path(__file__).resolve().parents[2]
NAME = "nuages_bench_default"
LABEL, TABLE = "posts.Post", "posts_post"
USERS = 50_000


class Kept(PostgresTarget):
    """Keeps what is sent, and can send it again without making it."""

    def __init__(self, connect: Callable[[], Any]) -> None:
        super().__init__(connect)
        self.keeps = self.drops = False
        self.sent: list[bytes] = []
        self.statement = b""

    def write(self, plan: TablePlan, tick: Callable[[int], None]) -> int:
        """As the target does, or from memory."""
        if not self.keeps:
            return super().write(plan, tick)
        writer = RowWriter(plan, plan.work.catalog.types)
        columns = ", ".join(f'"{name}"' for name in writer.columns)
        self.statement = f"COPY {quoted(TABLE)} ({columns}) FROM STDIN".encode()
        shuffle = Permutation(plan.pool.rows, plan.work.seed)
        for start in range(0, plan.work.rows, BATCH):
            rows = np.arange(start, min(start + BATCH, plan.work.rows), dtype=np.int64)
            pool = shuffle(rows % plan.pool.rows)
            self.sent.append(writer.batch(Chunk(rows=rows, first=plan.work.first, pool=pool)))
        self._copy(self.statement + b" (FORMAT BINARY, FREEZE)", [HEADER, *self.sent, END])
        return 0

    def raw_binary(self, rows: int) -> float:
        """Seconds for the kept buffers, with the same treatment of the schema."""
        started = time.perf_counter()
        with self.filling({TABLE: rows}):
            self._copy(self.statement + b" (FORMAT BINARY, FREEZE)", [HEADER, *self.sent, END])
        return time.perf_counter() - started

    def text(self) -> list[bytes]:
        """The table's rows as COPY writes text."""
        statement = f"COPY {TABLE} TO STDOUT".encode()
        with self.connection.cursor() as cursor, cursor.copy(statement) as copied:
            data = b"".join(copied)
        return [data[start : start + (1 << 20)] for start in range(0, len(data), 1 << 20)]

    def raw_text(self, pieces: list[bytes]) -> float:
        """Seconds for text into the table as Django made it."""
        started = time.perf_counter()
        with self.connection.transaction():
            self._copy(f"COPY {TABLE} FROM STDIN".encode(), pieces)
        return time.perf_counter() - started

    def _copy(self, statement: bytes, pieces: list[bytes]) -> None:
        with self.connection.cursor() as cursor, cursor.copy(statement) as copy:
            for piece in pieces:
                copy.write(piece)

    def copy(self, table: str, columns: list[str]) -> str:
        """As the target says, or so that the server reads rows and throws them away."""
        return super().copy(table, columns) + (" WHERE false" if self.drops else "")

    def empty(self) -> None:
        """No posts, and no memory of any."""
        self.connection.execute(f"TRUNCATE {TABLE} CASCADE".encode())
        self.connection.execute("DELETE FROM nuages_populated WHERE unit = 'posts.Post'")


class Chorus:
    """The project with its users, ready for posts."""

    def __init__(self, databases: PostgresDatabases, session: AgentSession) -> None:
        self.databases = databases
        self.url = f"postgres://nuages@/{NAME}?host={databases.socket_dir}"
        self._session = session
        self._units = units(session.call("units", seed=7)["units"])
        self.target = Kept(lambda: psycopg.connect(
            host=str(databases.socket_dir), user="nuages", dbname=NAME, autocommit=True
        ))  # fmt: skip
        self.fill({"accounts.User": USERS})

    def fill(self, wanted: dict[str, int], *, is_kept: bool = True) -> tuple[float, float]:
        """(seconds, seconds of this process's CPU) of filling some models only."""
        targets = {"default": self.target}
        pace = Pace(lambda text: None)
        filling = Filling(self._session, self._units, targets, wanted, pace, seed=7)
        used = time.process_time()
        filled = filling.run()
        assert not (is_kept and filled.skipped), filled.skipped
        return filled.seconds, time.process_time() - used


@contextmanager
def opened() -> Iterator[Chorus]:
    """A server, the migrated project in it, and its agent."""
    project = discover(ROOT / "examples/chorus", python=str(ROOT / ".venv-chorus/bin/python"))
    with Scratch() as scratch, start_postgres(scratch.path) as databases:
        databases.create([NAME])
        with AgentSession.start(
            project.python, cwd=project.root, env=_environment(project, scratch, databases)
        ) as session:
            session.call("setup")
            session.call("migrate", timeout=600)
            yield Chorus(databases, session)


def _environment(
    project: Project, scratch: Scratch, databases: PostgresDatabases
) -> dict[str, str]:
    side = sidepackages.driver(project.interpreter, scratch.path)
    overlay = databases.overlay(NAME.removesuffix("_default"))
    config = AttachConfig(
        roots={label: str(path) for label, path in project.source_roots.items()},
        scratch=str(scratch.folder("child")),
        side=str(side) if side else None,
        overlay={**overlay, "services": True, "flags": {}},
    )
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": project.settings}
    env["PYTHONPATH"] = os.pathsep.join(map(str, project.sys_path))
    return env | prepare(scratch.path, config, env)
