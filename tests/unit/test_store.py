"""Recordings add up whatever the order, and come back from their file as they were."""

from __future__ import annotations

import random
import sqlite3
from collections import defaultdict
from dataclasses import fields
from itertools import permutations

import pytest

from nuages import store
from nuages.errors import NuagesError
from nuages.model import (
    CallGroup,
    Catalog,
    Event,
    Exemplar,
    Facts,
    FieldFacts,
    Load,
    LoadUse,
    Location,
    ModelFacts,
    QueryGroup,
    Recording,
    Relation,
    ResultReuse,
    Scope,
    ScopeStats,
    Statement,
    Table,
)
from nuages.record import snapshots
from nuages.record.facts import to_json

LOCATIONS = [
    Location(file=f"app/{name}.py", line=3, column=column, end_line=4, end_column=9, function=name,
             kind="call", root=".")
    for name in ("views", "models")
    for column in (None, 4)
]  # fmt: skip
ROOT = Load(model="shop.Order", created_at=LOCATIONS[0])
LOADS = [
    None,
    ROOT,
    Load(model="shop.Item", created_at=None, how="prefetched", parent=ROOT,
         relation=Relation(model="shop.Order", field="items", kind="reverse_fk")),
]  # fmt: skip
STATEMENTS = [Statement(sql=f"SELECT {n}", verb="SELECT", alias="default") for n in range(3)]
TABLES = ("scopes", "groups", "calls", "exemplars", "uses", "reuse")
SCOPES = [Scope(kind="request", name=f"GET /{n}/") for n in range(3)]


def a_recording(chance: random.Random) -> Recording:
    def counts(length):
        return tuple(chance.randrange(9) for _ in range(length))

    def a_group(number):
        executions, calls, loops, most, distinct, rows, rows_max, wall = counts(8)
        return QueryGroup(
            scope=SCOPES[number % 3],
            statement=STATEMENTS[number // 3 % 3],
            location=chance.choice([None, *LOCATIONS]),
            created_at=chance.choice([None, *LOCATIONS]),
            trigger=chance.choice([None, LOCATIONS[0]]),
            load=chance.choice(LOADS),
            shape=chance.choice(["all", "filtered"]),
            executions=executions,
            calls=calls,
            loops=loops,
            per_execution_max=most,
            distinct_max=distinct,
            rows=rows,
            rows_max=rows_max,
            wall_ns=wall,
            max_ns=chance.randrange(3),
            histogram=counts(chance.randrange(5)),
            tests=tuple(sorted(chance.sample([f"t{n:03}" for n in range(90)], 40))),
            errors={chance.choice(["IntegrityError", "DataError"]): chance.randrange(5)},
        )

    def a_scope(scope):
        executions, queries, rows, wall, cpu, db = counts(6)
        return ScopeStats(
            scope=scope,
            executions=executions + 1,
            queries=queries,
            rows=rows,
            wall_ns=wall,
            cpu_ns=cpu,
            db_ns=db,
            statuses={chance.choice("2345") + "00": chance.randrange(5)},
            histogram=counts(chance.randrange(5)),
            counters={"response_bytes": chance.randrange(9)},
            peaks={"response_bytes": chance.randrange(9)},
            view=chance.choice(["", "shop.views.order"]),
        )

    def a_call(kind):
        executions, calls, most, wall = counts(4)
        return CallGroup(
            scope=chance.choice(SCOPES),
            kind=kind,
            name=chance.choice(["default", "other"]),
            operation=chance.choice(["get", "set"]),
            location=chance.choice([None, LOCATIONS[0]]),
            executions=executions,
            calls=calls,
            per_execution_max=most,
            wall_ns=wall,
            max_ns=chance.randrange(9),
            histogram=counts(chance.randrange(5)),
            outcomes={chance.choice(["hit", "miss"]): chance.randrange(5)},
        )

    def an_exemplar(scope):
        return Exemplar(
            scope=scope,
            key=f"{chance.randrange(10**9):09}",
            started=chance.randrange(99),
            wall_ns=chance.randrange(4),  # so that many are as slow as one another
            cpu_ns=chance.randrange(4),
            status=chance.choice(["200", "500"]),
            events_left_out=chance.randrange(4),
            events=(Event(kind="query", statement=STATEMENTS[0], rows=chance.randrange(9)),),
        )

    def a_use(load):
        fetches, instances, used, read, size = counts(5)
        return LoadUse(
            load=load,
            fetches=fetches,
            instances=instances,
            used=used,
            fields={chance.choice("ab"): read},
            bytes={"a": size},
        )

    def a_reuse():
        keys, lookups, same, hits, stale, calls, wall = counts(7)
        return ResultReuse(
            statement=chance.choice(STATEMENTS),
            location=chance.choice([None, LOCATIONS[0]]),
            keys=keys,
            lookups=lookups,
            same=same,
            hits={"60": hits},
            stale={"60": stale},
            wall_ns=wall,
            calls=calls,
        )

    def some_facts():
        field = FieldFacts(name="id", column="id", kind="AutoField", is_primary=True)
        labels = chance.sample(["shop.Order", "shop.Item", "auth.User"], chance.randrange(3))
        tables = {name: Table(name=name) for name in "ab"[: chance.randrange(3)]}
        return Facts(
            settings={"DEBUG": chance.choice([True, False]), "CACHES": {"default": {"TIMEOUT": 5}}},
            explicit=frozenset(chance.sample(["DEBUG", "CACHES"], chance.randrange(3))),
            models=tuple(ModelFacts(label=n, table=n.lower(), fields=(field,)) for n in labels),
            apps={"shop": "shop"},
            catalogs={chance.choice(["default", "other"]): Catalog(vendor="sqlite", tables=tables)},
            server=chance.choice(["", "gunicorn", "uvicorn", "celery", "pytest", "manage.py x"]),
        )

    groups = [a_group(number) for number in range(9)]
    # A process has one group of a kind, so duplicates are folded first.
    total = store.merge_all(Recording(groups=(group,)) for group in groups)
    return store.merge(
        total,
        Recording(
            mode=chance.choice(["deep", "light"]),
            meta={
                "tests_passed": str(chance.randrange(9)),
                "python": chance.choice(["3.11", "3.12"]),
            },
            roots={".": "/project"},
            files={".:app/views.py": chance.choice(["aa", "bb"])},
            scopes=tuple(a_scope(scope) for scope in chance.sample(SCOPES, 2)),
            calls=tuple(a_call(kind) for kind in chance.sample(["cache", "outside", "copy"], 2)),
            exemplars=tuple(an_exemplar(scope) for scope in SCOPES for _ in range(2)),
            uses=tuple(a_use(load) for load in LOADS[1:]),
            reuse=(a_reuse(),),
            cut={"aggregates": chance.randrange(3)},
            facts=some_facts(),
            processes=1,
        ),
    )


@pytest.mark.parametrize("seed", range(20))
def test_adding_up_is_commutative_and_associative(seed):
    chance = random.Random(seed)
    parts = [a_recording(chance) for _ in range(3)]
    results = [
        store.merge(store.merge(x, y), z) for x, y, z in permutations(parts)
    ] + [store.merge(x, store.merge(y, z)) for x, y, z in permutations(parts)]  # fmt: skip
    assert all(result == results[0] for result in results)
    assert results[0].processes == 3


def test_every_figure_of_every_table_is_among_what_is_added_up():
    values = defaultdict(set)
    for seed in range(20):
        recording = a_recording(random.Random(seed))
        for table in TABLES:
            for row in getattr(recording, table):
                for field in fields(row):
                    values[table, field.name].add(repr(getattr(row, field.name)))
    assert {table for table, _ in values} == set(TABLES)
    assert [name for name, different in values.items() if len(different) < 2] == []


@pytest.mark.parametrize("seed", range(10))
def test_a_recording_comes_back_from_its_file_as_it_was(seed, tmp_path):
    recording = a_recording(random.Random(seed))
    path = tmp_path / "folder" / "recording.sqlite"
    store.write(recording, path)
    assert store.read(path) == recording
    assert [p.name for p in path.parent.iterdir()] == ["recording.sqlite"]


def test_an_empty_recording_comes_back_too(tmp_path):
    store.write(Recording(), tmp_path / "r.sqlite")
    assert store.read(tmp_path / "r.sqlite") == Recording()


def test_a_file_that_changed_between_processes_has_no_hash():
    a, b = (Recording(files={".:a.py": digest}) for digest in ("x", "y"))
    assert store.merge(a, b).files == {".:a.py": ""}
    assert store.merge(store.merge(a, b), a).files == {".:a.py": ""}


def test_of_facts_those_of_the_process_that_told_most_are_kept():
    model = ModelFacts(label="shop.Order", table="shop_order")
    catalog = Catalog(vendor="postgresql", tables={"t": Table(name="t")})
    parts = [
        Recording(facts=Facts(settings={"DEBUG": True, "USE_TZ": True}, server="gunicorn")),
        Recording(facts=Facts(settings={"DEBUG": False}, models=(model,), server="celery")),
        Recording(facts=Facts(catalogs={"default": catalog})),
        Recording(),
    ]
    [facts] = {to_json(store.merge_all(order).facts) for order in permutations(parts)}
    expected = Facts(
        settings={"DEBUG": False},
        models=(model,),
        server="gunicorn",
        catalogs={"default": catalog},
    )
    assert facts == to_json(expected)


def test_a_file_without_facts_is_read(tmp_path):
    path = tmp_path / "r.sqlite"
    store.write(Recording(facts=Facts(django="5.2")), path)
    assert store.read(path).facts == Facts(django="5.2")
    with sqlite3.connect(path) as database:
        database.execute("DELETE FROM texts WHERE part = 'facts'")
    database.close()
    assert store.read(path) == Recording()


def test_of_the_tests_of_a_group_the_first_fifty_by_name_are_kept():
    group = {"scope": SCOPES[0], "statement": STATEMENTS[0], "location": None}
    many = [
        Recording(groups=(QueryGroup(**group, tests=tuple(f"t{n:03}" for n in numbers)),))
        for numbers in (range(40), range(30, 90))
    ]
    [merged] = store.merge_all(many).groups
    assert merged.tests == tuple(f"t{n:03}" for n in range(50))


def test_there_is_no_recording(tmp_path):
    with pytest.raises(NuagesError) as caught:
        store.read(tmp_path / "none.sqlite")
    assert caught.value.slug == "no-recording"
    assert "nuages record" in caught.value.hint


def test_a_newer_file_is_refused(tmp_path):
    path = tmp_path / "r.sqlite"
    store.write(Recording(), path)
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA user_version = 999")
    database.close()
    with pytest.raises(NuagesError) as caught:
        store.read(path)
    assert caught.value.slug == "newer-recording"
    assert "999" in caught.value.message


def test_an_older_file_is_refused(tmp_path):
    path = tmp_path / "r.sqlite"
    store.write(Recording(), path)
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA user_version = 1")
    database.close()
    with pytest.raises(NuagesError) as caught:
        store.read(path)
    assert caught.value.slug == "older-recording"


@pytest.mark.parametrize("content", [b"", b"not a database", b"SQLite format 3\x00" + b"\xff" * 99])
def test_a_damaged_file_is_refused(tmp_path, content):
    path = tmp_path / "r.sqlite"
    path.write_bytes(content)
    with pytest.raises(NuagesError) as caught:
        store.read(path)
    assert caught.value.slug == "damaged-recording"


def test_another_programs_database_is_refused(tmp_path):
    path = tmp_path / "r.sqlite"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE t (a)")
    database.close()
    with pytest.raises(NuagesError) as caught:
        store.read(path)
    assert "not written by nuages" in caught.value.message


def a_snapshot(sequence=1, random="r", calls=2):
    return {
        "key": {"host": "h", "pid": 1, "start": 2, "random": random},
        "sequence": sequence,
        "mode": "deep",
        "roots": {".": "/project"},
        "meta": {"python": "3.12"},
        "files": {},
        "cut": {},
        "locations": [None, {"file": "a.py", "line": 1, "root": "."}],
        "statements": [["(other)", "", "", ""], ["SELECT 1", "SELECT", "default", "sqlite"]],
        "loads": [None, ["a.A", 1, None, 0, "query"], ["a.B", 0, ["a.A", "b", "fk"], 1, "query"]],
        "scopes": [{"kind": "request", "name": "GET /", "executions": 1, "queries": calls,
                    "rows": 0, "wall_ns": 1, "cpu_ns": 1, "db_ns": 1, "statuses": {"200": 1},
                    "histogram": [1], "view": "v"}],
        "groups": [{"scope": 0, "statement": 1, "location": 1, "created_at": 0, "trigger": 0,
                    "load": 2, "shape": "all", "executions": 1, "calls": calls, "loops": 0,
                    "per_execution_max": calls, "distinct_max": 1, "rows": 0, "rows_max": 0,
                    "wall_ns": 1, "max_ns": 1, "histogram": [calls], "tests": []}],
        "calls": [{"scope": 0, "kind": "cache", "name": "default", "operation": "get",
                   "location": 1, "executions": 1, "calls": 3, "per_execution_max": 3,
                   "wall_ns": 9, "max_ns": 4, "histogram": [3], "outcomes": {"hit": 2}}],
        "exemplars": [{"scope": 0, "key": random, "started": 5, "wall_ns": calls, "cpu_ns": 1,
                       "status": "200", "events_left_out": 0,
                       "events": [["query", "", "", 1, 1, 10, 20, 3],
                                  ["cache", "default", "get", -1, 0, 40, 2, 0]]}],
        "uses": [{"load": 2, "fetches": 1, "instances": 4, "used": 3, "fields": {"title": 2},
                  "bytes": {"title": 99}}],
        "reuse": [{"statement": 1, "location": 1, "keys": 2, "lookups": 5, "same": 4,
                   "hits": {"60": 3}, "stale": {}, "wall_ns": 7, "calls": 7}],
    }  # fmt: skip


def test_of_one_process_only_the_latest_snapshot_counts():
    recording = store.recording_from([a_snapshot(2, calls=5), a_snapshot(1, calls=2)])
    assert recording.processes == 1
    assert recording.groups[0].calls == 5


@pytest.mark.parametrize("seed", range(10))
def test_a_spool_is_the_same_recording_whatever_else_it_holds_and_in_any_order(seed, tmp_path):
    chance = random.Random(seed)
    processes = {name: chance.randrange(2, 6) for name in "abcd"}  # and their latest sequence
    latest = [a_snapshot(last, random=name, calls=last) for name, last in processes.items()]
    older = [
        a_snapshot(sequence, random=name, calls=chance.randrange(9))
        for name, last in processes.items()
        for sequence in range(1, last)
        if chance.random() < 0.7
    ]
    expected = store.recording_from(latest)
    for turn in range(3):
        spools = [tmp_path / f"{turn}{number}" for number in range(2)]
        found = [*latest, *older, *chance.sample(latest, 2)]  # some were copied twice
        for spool in spools:
            spool.mkdir()
        for number, snapshot in enumerate(chance.sample(found, len(found))):
            file = chance.choice(spools) / f"{chance.randrange(10**6)}-{number}.nuages"
            file.write_bytes(snapshots.encode(snapshot))
        assert store.fold(*spools) == expected
        assert store.recording_from(chance.sample(found, len(found))) == expected
    assert expected.processes == 4
    assert expected.groups[0].calls == sum(processes.values())


def test_processes_are_added_up():
    recording = store.recording_from([a_snapshot(random="a"), a_snapshot(random="b")])
    assert recording.processes == 2
    assert recording.groups[0].calls == 4
    assert recording.scopes[0].statuses == {"200": 2}
    load = recording.groups[0].load
    assert (load.relation.field, load.parent.created_at.file) == ("b", "a.py")
    [call] = recording.calls
    assert (call.calls, call.outcomes, call.per_execution_max) == (6, {"hit": 4}, 3)
    assert [exemplar.key for exemplar in recording.exemplars] == ["a", "b"]
    assert [event.kind for event in recording.exemplars[0].events] == ["query", "cache"]
    assert recording.exemplars[0].events[0].statement.sql == "SELECT 1"
    [use], [reuse] = recording.uses, recording.reuse
    assert (use.load, use.fields) == (load, {"title": 4})
    assert (reuse.same, reuse.hits) == (8, {"60": 6})


def test_figures_that_a_process_tells_apart_from_its_executions_are_added(tmp_path):
    snapshot = a_snapshot()
    apart = {"executions": 0, "queries": 0, "rows": 0, "wall_ns": 0, "cpu_ns": 0, "db_ns": 0,
             "statuses": {}, "histogram": [], "view": ""}  # fmt: skip
    snapshot["scopes"] += [
        {"kind": "request", "name": "GET /", **apart, "counters": {"memory_executions": 7}},
        {"kind": "process", "name": "process", **apart, "peaks": {"rss_bytes": 9}},
        {"kind": "test", "name": "(other)", **apart},
    ]
    store.write(store.recording_from([snapshot]), tmp_path / "r.sqlite")
    process, request = store.read(tmp_path / "r.sqlite").scopes
    assert (process.scope.kind, process.peaks) == ("process", {"rss_bytes": 9})
    assert (request.executions, request.counters) == (1, {"memory_executions": 7})


def test_a_spool_is_folded_and_damaged_files_are_counted(tmp_path):
    for name in "ab":
        (tmp_path / f"{name}.nuages").write_bytes(snapshots.encode(a_snapshot(random=name)))
    (tmp_path / "c.nuages").write_bytes(b"cut off")
    (tmp_path / "d.tmp").write_bytes(b"being written")
    recording = store.fold(tmp_path)
    assert recording.processes == 2
    assert recording.cut == {"damaged snapshots": 1}


def test_an_empty_spool_is_an_empty_recording(tmp_path):
    assert store.fold(tmp_path) == Recording()
