"""Recordings in a SQLite file with a version, each value that repeats written once."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import astuple, fields
from pathlib import Path
from typing import Any, TypeVar

from nuages.errors import NuagesError
from nuages.model import (
    CallGroup,
    Event,
    Exemplar,
    Facts,
    Load,
    LoadUse,
    Location,
    QueryGroup,
    Recording,
    Relation,
    ResultReuse,
    Scope,
    ScopeStats,
    Statement,
)
from nuages.record.facts import to_json
from nuages.stated import facts_from

APPLICATION = 0x6E756167  # "nuag", in the file's header: PRAGMA application_id
SCHEMA = 2  # PRAGMA user_version

T = TypeVar("T")

LOCATION = [f.name for f in fields(Location)]
STATEMENT = [f.name for f in fields(Statement)]
TEXTS = ("meta", "roots", "files", "cut", "facts")
# Tables whose columns are the fields of a value.
TABLE_OF: Mapping[type, str] = {
    ScopeStats: "scopes",
    QueryGroup: "groups",
    CallGroup: "calls",
    Exemplar: "exemplars",
    Event: "events",
    LoadUse: "uses",
    ResultReuse: "reuse",
}
# Columns that hold a row's id of another table.
REFERENCES = {
    "statement": "statements",
    "location": "locations",
    "created_at": "locations",
    "trigger": "locations",
    "load": "loads",
}
# Columns that hold JSON.
MAPPINGS = frozenset({
    "statuses", "errors", "outcomes", "counters", "peaks", "fields", "bytes", "hits", "stale",
})  # fmt: skip
ELSEWHERE = frozenset({"tests", "events"})  # fields with a table of their own


def _columns(cls: type) -> list[str]:
    """Names of a value's own columns, after its id."""
    names = [f.name for f in fields(cls) if f.name not in ELSEWHERE]
    return ["exemplar", *names] if cls is Event else names


def _table(cls: type) -> str:
    # A scope is written as its kind and its name in the table of scopes, elsewhere as an id.
    names = _columns(cls)
    if cls is ScopeStats:
        names = ["kind", "name", *names[1:]]
    quoted = ", ".join(f'"{name}"' for name in names)
    return f"CREATE TABLE {TABLE_OF[cls]} (id INTEGER PRIMARY KEY, {quoted});"


TABLES = f"""
CREATE TABLE texts (part TEXT, name TEXT, value, PRIMARY KEY (part, name));
CREATE TABLE locations (id INTEGER PRIMARY KEY, {", ".join(LOCATION)});
CREATE TABLE statements (id INTEGER PRIMARY KEY, {", ".join(STATEMENT)});
CREATE TABLE loads (
    id INTEGER PRIMARY KEY, model TEXT, created_at INTEGER REFERENCES locations,
    relation_model TEXT, relation_field TEXT, relation_kind TEXT,
    parent INTEGER REFERENCES loads, how TEXT);
CREATE TABLE group_tests (group_id INTEGER REFERENCES groups, test TEXT);
{"".join(map(_table, TABLE_OF))}
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
        if recording.facts != Facts():
            self._texts("facts", {"facts": to_json(recording.facts)})
        for stats in recording.scopes:
            self._scope(stats)
        for group in recording.groups:
            number = self._value(group)
            tests = [(number, test) for test in group.tests]
            self._database.executemany("INSERT INTO group_tests VALUES (?, ?)", tests)
        for exemplar in recording.exemplars:
            number = self._value(exemplar)
            for event in exemplar.events:
                self._value(event, number)
        for value in (*recording.calls, *recording.uses, *recording.reuse):
            self._value(value)

    def _texts(self, part: str, values: Mapping[str, Any]) -> None:
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

    def _scope(self, stats: ScopeStats) -> int:
        row = (stats.scope.kind, stats.scope.name, *self._cells(stats, _columns(ScopeStats)[1:]))
        self._ids[stats.scope] = self._insert("scopes", row)
        return self._ids[stats.scope]

    def _value(self, value: Any, *owner: int) -> int:
        names = _columns(type(value))[len(owner) :]
        return self._insert(TABLE_OF[type(value)], (*owner, *self._cells(value, names)))

    def _cells(self, value: Any, names: Iterable[str]) -> list[Any]:
        return [self._cell(name, getattr(value, name)) for name in names]

    def _cell(self, name: str, value: Any) -> Any:
        if isinstance(value, Scope):
            known = self._ids.get(value)
            return known or self._scope(ScopeStats(scope=value, executions=0))
        if name in REFERENCES:
            return self._id(REFERENCES[name], value)
        if name in MAPPINGS:
            return json.dumps(dict(value))
        return json.dumps(value) if name == "histogram" else value


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
    if version < SCHEMA:
        raise NuagesError(
            f"{path} was written by an older nuages: schema {version}, this one reads {SCHEMA}.",
            hint="Record again: nuages record -- pytest",
            slug="older-recording",
        )


class _Reader:
    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self._locations: dict[int | None, Location | None] = {None: None}
        self._loads: dict[int | None, Load | None] = {None: None}
        self._statements: dict[int | None, Statement | None] = {None: None}
        self._scopes: dict[int, Scope] = {}

    def read(self) -> Recording:
        texts: dict[str, Any] = {part: {} for part in TEXTS}
        for row in self._rows("texts"):
            texts[row["part"]][row["name"]] = row["value"]
        for row in self._rows("locations"):
            self._locations[row["id"]] = Location(**{name: row[name] for name in LOCATION})
        for row in self._rows("statements"):
            self._statements[row["id"]] = Statement(**{name: row[name] for name in STATEMENT})
        for row in self._rows("loads"):
            self._loads[row["id"]] = self._load(row)
        for row in self._rows("scopes"):
            self._scopes[row["id"]] = Scope(kind=row["kind"], name=row["name"])
        tests = self._gathered("SELECT group_id, test FROM group_tests ORDER BY rowid")
        events = {
            owner: [self._value(Event, row) for row in rows]
            for owner, rows in self._by_exemplar().items()
        }
        return Recording(
            mode=texts["meta"].pop("mode"),
            processes=texts["cut"].pop("processes"),
            scopes=tuple(s for s in self._all_scopes() if s.executions or s.counters or s.peaks),
            groups=tuple(
                self._value(QueryGroup, row, tests=tuple(tests.get(row["id"], ())))
                for row in self._rows("groups")
            ),
            calls=tuple(self._value(CallGroup, row) for row in self._rows("calls")),
            exemplars=tuple(
                self._value(Exemplar, row, events=tuple(events.get(row["id"], ())))
                for row in self._rows("exemplars")
            ),
            uses=tuple(self._value(LoadUse, row) for row in self._rows("uses")),
            reuse=tuple(self._value(ResultReuse, row) for row in self._rows("reuse")),
            facts=facts_from(texts.pop("facts").get("facts")),
            **texts,
        )

    def _rows(self, table: str) -> list[sqlite3.Row]:
        return self._database.execute(f"SELECT * FROM {table} ORDER BY rowid").fetchall()

    def _gathered(self, query: str) -> dict[int, list[Any]]:
        found: dict[int, list[Any]] = {}
        for owner, value in self._database.execute(query):
            found.setdefault(owner, []).append(value)
        return found

    def _by_exemplar(self) -> dict[int, list[sqlite3.Row]]:
        found: dict[int, list[sqlite3.Row]] = {}
        for row in self._rows("events"):
            found.setdefault(row["exemplar"], []).append(row)
        return found

    def _all_scopes(self) -> Iterator[ScopeStats]:
        for row in self._rows("scopes"):
            yield self._value(ScopeStats, row, scope=self._scopes[row["id"]])

    def _value(self, cls: type[T], row: sqlite3.Row, **known: Any) -> T:
        for name in _columns(cls):
            if name not in known and name != "exemplar":
                known[name] = self._field(name, row[name])
        return cls(**known)

    def _field(self, name: str, cell: Any) -> Any:
        if name == "scope":
            return self._scopes[cell]
        if name in REFERENCES:
            tables: dict[str, Mapping[int | None, Any]] = {
                "locations": self._locations, "loads": self._loads, "statements": self._statements,
            }  # fmt: skip
            return tables[REFERENCES[name]][cell]
        if name in MAPPINGS:
            return json.loads(cell)
        return tuple(json.loads(cell)) if name == "histogram" else cell

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
