"""Recordings in a SQLite file with a version, each value that repeats written once."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import astuple, fields
from pathlib import Path
from typing import Any

from nuages.errors import NuagesError
from nuages.model import (
    SCHEMA,
    Load,
    Location,
    QueryGroup,
    Recording,
    Relation,
    Scope,
    ScopeStats,
    Statement,
)

APPLICATION = 0x6E756167  # "nuag", in the file's header: PRAGMA application_id

LOCATION = [f.name for f in fields(Location)]
STATEMENT = [f.name for f in fields(Statement)]
FIGURES = ["executions", "queries", "rows", "wall_ns", "cpu_ns", "db_ns", "view"]
COUNTS = [
    "executions", "calls", "loops", "per_execution_max", "distinct_max", "rows", "rows_max",
    "wall_ns", "max_ns", "shape",
]  # fmt: skip
TEXTS = ("meta", "roots", "files", "cut")

TABLES = f"""
CREATE TABLE texts (part TEXT, name TEXT, value, PRIMARY KEY (part, name));
CREATE TABLE locations (id INTEGER PRIMARY KEY, {", ".join(LOCATION)});
CREATE TABLE statements (id INTEGER PRIMARY KEY, {", ".join(STATEMENT)});
CREATE TABLE loads (
    id INTEGER PRIMARY KEY, model TEXT, created_at INTEGER REFERENCES locations,
    relation_model TEXT, relation_field TEXT, relation_kind TEXT,
    parent INTEGER REFERENCES loads, how TEXT);
CREATE TABLE scopes (
    id INTEGER PRIMARY KEY, kind TEXT, name TEXT, {", ".join(FIGURES)}, statuses TEXT,
    histogram TEXT);
CREATE TABLE groups (
    id INTEGER PRIMARY KEY, scope INTEGER REFERENCES scopes,
    statement INTEGER REFERENCES statements, location INTEGER REFERENCES locations,
    created_at INTEGER REFERENCES locations, "trigger" INTEGER REFERENCES locations,
    load INTEGER REFERENCES loads, {", ".join(COUNTS)}, histogram TEXT);
CREATE TABLE group_tests (group_id INTEGER REFERENCES groups, test TEXT);
"""


def write(recording: Recording, path: Path) -> None:
    """Replace the file by this recording, or leave it as it was."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    temporary.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(temporary)) as database:
            database.executescript(TABLES)
            database.execute(f"PRAGMA application_id = {APPLICATION}")
            database.execute(f"PRAGMA user_version = {SCHEMA}")
            _Writer(database).write(recording)
            database.commit()
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


class _Writer:
    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self._ids: dict[Any, int] = {}

    def write(self, recording: Recording) -> None:
        self._texts("meta", {**recording.meta, "mode": recording.mode})
        self._texts("roots", recording.roots)
        self._texts("files", recording.files)
        self._texts("cut", {**recording.cut, "processes": recording.processes})
        for stats in recording.scopes:
            self._scope(stats)
        for group in recording.groups:
            self._group(group)

    def _texts(self, part: str, values: Any) -> None:
        rows = [(part, name, value) for name, value in values.items()]
        self._database.executemany("INSERT INTO texts VALUES (?, ?, ?)", rows)

    def _insert(self, table: str, values: Iterable[Any]) -> int:
        row = (None, *values)
        marks = ", ".join("?" * len(row))
        cursor = self._database.execute(f"INSERT INTO {table} VALUES ({marks})", row)
        return int(cursor.lastrowid or 0)

    def _id(self, table: str, value: Location | Statement | Load | None) -> int | None:
        """The row of a value; None for none. Values of different types never equal."""
        if value is None:
            return None
        if value not in self._ids:
            row = self._load_row(value) if isinstance(value, Load) else astuple(value)
            self._ids[value] = self._insert(table, row)
        return self._ids[value]

    def _load_row(self, load: Load) -> tuple[Any, ...]:
        relation = astuple(load.relation) if load.relation else (None, None, None)
        created_at = self._id("locations", load.created_at)
        return load.model, created_at, *relation, self._id("loads", load.parent), load.how

    def _scope(self, stats: ScopeStats) -> None:
        figures = [getattr(stats, name) for name in FIGURES]
        statuses, histogram = json.dumps(dict(stats.statuses)), json.dumps(stats.histogram)
        row = (stats.scope.kind, stats.scope.name, *figures, statuses, histogram)
        self._ids[stats.scope] = self._insert("scopes", row)

    def _group(self, group: QueryGroup) -> None:
        if group.scope not in self._ids:
            self._scope(ScopeStats(scope=group.scope, executions=0))
        row = (
            self._ids[group.scope],
            self._id("statements", group.statement),
            self._id("locations", group.location),
            self._id("locations", group.created_at),
            self._id("locations", group.trigger),
            self._id("loads", group.load),
            *(getattr(group, name) for name in COUNTS),
            json.dumps(group.histogram),
        )
        number = self._insert("groups", row)
        tests = [(number, test) for test in group.tests]
        self._database.executemany("INSERT INTO group_tests VALUES (?, ?)", tests)


def read(path: Path) -> Recording:
    """Raises NuagesError when there is no recording, or none that this version can read."""
    if not path.is_file():
        raise NuagesError(
            f"There is no recording at {path}.",
            hint="Make one first: nuages record -- pytest",
            slug="no-recording",
        )
    with _opened(path) as database:
        _check(database, path)
        return _Reader(database).read()


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
            database.row_factory = sqlite3.Row
            yield database
    except (sqlite3.Error, KeyError, ValueError, TypeError) as error:
        raise NuagesError(
            f"{path} is damaged, or not a recording: {error}.",
            hint="Record again: nuages record -- pytest",
            slug="damaged-recording",
        ) from error


def _check(database: sqlite3.Connection, path: Path) -> None:
    (application,) = database.execute("PRAGMA application_id").fetchone()
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION:
        raise ValueError("it was not written by nuages")
    if version > SCHEMA:
        raise NuagesError(
            f"{path} was written by a newer nuages: schema {version}, this one reads {SCHEMA}.",
            hint="Upgrade: pip install --upgrade nuages",
            slug="newer-recording",
        )


class _Reader:
    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self._locations: dict[int | None, Location | None] = {None: None}
        self._loads: dict[int | None, Load | None] = {None: None}

    def read(self) -> Recording:
        texts: dict[str, dict[str, Any]] = {part: {} for part in TEXTS}
        for row in self._rows("texts"):
            texts[row["part"]][row["name"]] = row["value"]
        for row in self._rows("locations"):
            self._locations[row["id"]] = Location(**{name: row[name] for name in LOCATION})
        for row in self._rows("loads"):
            self._loads[row["id"]] = self._load(row)
        scopes = {row["id"]: _scope_stats(row) for row in self._rows("scopes")}
        return Recording(
            mode=texts["meta"].pop("mode"),
            processes=texts["cut"].pop("processes"),
            scopes=tuple(stats for stats in scopes.values() if stats.executions),
            groups=tuple(self._groups({i: stats.scope for i, stats in scopes.items()})),
            **texts,
        )

    def _rows(self, table: str) -> list[sqlite3.Row]:
        return self._database.execute(f"SELECT * FROM {table} ORDER BY rowid").fetchall()

    def _load(self, row: sqlite3.Row) -> Load:
        relation = None
        if row["relation_field"] is not None:
            relation = Relation(
                model=row["relation_model"],
                field=row["relation_field"],
                kind=row["relation_kind"],
            )
        return Load(
            model=row["model"],
            created_at=self._locations[row["created_at"]],
            relation=relation,
            parent=self._loads[row["parent"]],
            how=row["how"],
        )

    def _groups(self, scopes: dict[int, Scope]) -> Iterator[QueryGroup]:
        statements = {
            row["id"]: Statement(**{name: row[name] for name in STATEMENT})
            for row in self._rows("statements")
        }
        tests: dict[int, list[str]] = {}
        for row in self._rows("group_tests"):
            tests.setdefault(row["group_id"], []).append(row["test"])
        for row in self._rows("groups"):
            yield QueryGroup(
                scope=scopes[row["scope"]],
                statement=statements[row["statement"]],
                location=self._locations[row["location"]],
                created_at=self._locations[row["created_at"]],
                trigger=self._locations[row["trigger"]],
                load=self._loads[row["load"]],
                histogram=tuple(json.loads(row["histogram"])),
                tests=tuple(tests.get(row["id"], ())),
                **{name: row[name] for name in COUNTS},
            )


def _scope_stats(row: sqlite3.Row) -> ScopeStats:
    return ScopeStats(
        scope=Scope(kind=row["kind"], name=row["name"]),
        statuses=json.loads(row["statuses"]),
        histogram=tuple(json.loads(row["histogram"])),
        **{name: row[name] for name in FIGURES},
    )
