"""DATABASES, with every alias elsewhere."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from nuages.agent.scratch_databases import (
    Target,
    database_name,
    database_names,
    engine_for,
    family,
    redirect,
    schemas,
)

POSTGRES = Target.of({"postgres": {"host": "/s", "port": 5432, "user": "n", "prefix": "nuages_a"}})
SQLITE = Target.of({"sqlite": {"dir": "/d", "prefix": "nuages_a"}})
assert POSTGRES
assert SQLITE


def pg(name: str = "shop", **more: Any) -> dict[str, Any]:
    return {"ENGINE": "django.db.backends.postgresql", "NAME": name, **more}


def test_where_it_is_goes_and_how_it_is_used_stays() -> None:
    here = redirect(
        pg(HOST="db", PASSWORD="secret", CONN_MAX_AGE=60, ATOMIC_REQUESTS=True, SCHEMA="x",
           OPTIONS={"sslmode": "require", "service": "s", "application_name": "web"},
           TEST={"NAME": "fast", "TEMPLATE": "t", "DEPENDENCIES": []}),
        POSTGRES, "nuages_a_default",
    )  # fmt: skip
    assert here == {
        "ENGINE": "django.db.backends.postgresql", "NAME": "nuages_a_default", "USER": "n",
        "PASSWORD": "", "HOST": "/s", "PORT": "5432", "CONN_MAX_AGE": 60, "ATOMIC_REQUESTS": True,
        "SCHEMA": "x", "OPTIONS": {"application_name": "web"}, "TEST": {"DEPENDENCIES": []},
    }  # fmt: skip


def test_options_of_another_vendor_go() -> None:
    mysql = {"ENGINE": "django.db.backends.mysql", "NAME": "x", "OPTIONS": {"init_command": "SET"}}
    assert redirect(mysql, POSTGRES, "nuages_a_x")["OPTIONS"] == {}
    sqlite = {"ENGINE": "django.db.backends.sqlite3", "NAME": "x", "OPTIONS": {"timeout": 5}}
    assert redirect(sqlite, SQLITE, "nuages_a_x")["OPTIONS"] == {"timeout": 5}


@pytest.mark.skipif(find_spec("psycopg_pool") is not None, reason="psycopg_pool is here")
def test_a_pool_without_its_package_goes() -> None:
    assert redirect(pg(OPTIONS={"pool": True}), POSTGRES, "nuages_a_x")["OPTIONS"] == {}


@pytest.mark.parametrize("database", [{}, {"ENGINE": "django.db.backends.dummy"}])
def test_no_database_stays_none(database: dict[str, Any]) -> None:
    assert redirect(database, POSTGRES, "nuages_a_x") == database


@pytest.mark.parametrize(
    ("engine", "vendor", "expected"),
    [
        ("django.db.backends.sqlite3", "postgresql", "django.db.backends.postgresql"),
        ("django.db.backends.mysql", "postgresql", "django.db.backends.postgresql"),
        ("django.db.backends.postgresql_psycopg2", "postgresql", "django.db.backends.postgresql"),
        ("django.contrib.gis.db.backends.postgis", "postgresql",
         "django.contrib.gis.db.backends.postgis"),
        ("django.contrib.gis.db.backends.spatialite", "postgresql",
         "django.contrib.gis.db.backends.postgis"),
        ("django.contrib.gis.db.backends.postgis", "sqlite",
         "django.contrib.gis.db.backends.spatialite"),
        ("not_installed.backends.mysql", "postgresql", "django.db.backends.postgresql"),
        ("tenants.postgresql_backend", "postgresql", "tenants.postgresql_backend"),
        ("metrics.backends.mysql", "postgresql", "metrics.backends.postgresql"),
        ("core.db", "postgresql", "core.db"),
        ("core.db", "sqlite", "django.db.backends.sqlite3"),
        ("django.db.backends.postgresql", "sqlite", "django.db.backends.sqlite3"),
    ],
)  # fmt: skip
def test_the_engine_is_the_projects_where_it_speaks_to_the_vendor(
    wrappers: Path, engine: str, vendor: str, expected: str
) -> None:
    assert engine_for(engine, vendor) == expected


@pytest.mark.parametrize(
    ("engine", "vendor"),
    [
        ("django_cockroachdb", "cockroach"), ("psqlextra.backend", "postgresql"),
        ("mssql", "mssql"), ("django.db.backends.oracle", "oracle"),
        ("django.contrib.gis.db.backends.spatialite", "sqlite"), ("no.such", "unknown"),
        ("core.db", "postgresql"),
    ],
)  # fmt: skip
def test_an_engines_vendor_is_told_without_importing_it(
    wrappers: Path, engine: str, vendor: str
) -> None:
    assert family(engine) == vendor


def test_each_alias_has_a_database_of_its_own() -> None:
    names = database_names({"default": pg(), "audit": pg("audit")}, "nuages_a")
    assert names == {"default": "nuages_a_default", "audit": "nuages_a_audit"}


@pytest.mark.parametrize(
    "second",
    [
        pg(HOST="replica", TEST={"MIRROR": "default"}),
        pg(HOST="db"),
        {**pg(HOST="db"), "ENGINE": "django_prometheus.db.backends.postgresql"},
    ],
)
def test_the_same_database_stays_the_same(second: dict[str, Any]) -> None:
    names = database_names({"default": pg(HOST="db"), "other": second}, "nuages_a")
    assert set(names.values()) == {"nuages_a_default"}


def test_a_replica_on_another_host_is_the_same_database() -> None:
    databases = {"default": pg(HOST="db"), "read_1": pg(HOST="r1"), "shard": pg(HOST="s")}
    names = database_names(databases, "nuages_a")
    assert names["read_1"] == names["default"] != names["shard"]


def test_mirrors_in_a_circle_end() -> None:
    databases = {"a": pg(TEST={"MIRROR": "b"}), "b": pg(TEST={"MIRROR": "a"})}
    assert len(database_names(databases, "nuages_a")) == 2


def test_databases_in_memory_are_apart() -> None:
    memory = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
    assert len(set(database_names({"a": memory, "b": memory}, "nuages_a").values())) == 2


def test_names_are_identifiers_that_leave_room_for_the_test_runner() -> None:
    for alias in ("Über-Audit", "x" * 80, "a b", "default"):
        name = database_name("nuages_r12", alias)
        assert name.isidentifier()
        assert len(f"test_{name}_gw12") <= 63
    assert database_name("nuages_a", "a-b") != database_name("nuages_a", "a_b")


@pytest.mark.parametrize(
    ("database", "owned"),
    [
        (pg("nuages_a_default", HOST="/s"), True),
        (pg("test_nuages_a_default", HOST="/s"), True),
        (pg("nuages_a_default", HOST="db"), False),
        (pg("shop", HOST="/s"), False),
        ({}, True),
        ({"ENGINE": "django.db.backends.sqlite3", "NAME": "file:memorydb_x?mode=memory"}, True),
        ({"ENGINE": "django.db.backends.sqlite3", "NAME": "/srv/db.sqlite3"}, False),
    ],
)
def test_what_stays_on_scratch_is_known(database: dict[str, Any], owned: bool) -> None:
    assert POSTGRES.owns(database) is owned


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ("-c search_path=app,public", ("app",)),
        ("-c statement_timeout=5 -c search_path=\"a\",'b' -c x=y", ("a", "b")),
        ("-c statement_timeout=5", ()),
        (None, ()),
    ],
)
def test_schemas_of_a_search_path(options: str | None, found: tuple[str, ...]) -> None:
    assert schemas(pg(OPTIONS={"options": options})) == found


@pytest.fixture
def wrappers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    bomb = "raise AssertionError('imported')\n"
    for name, text in {
        "tenants/postgresql_backend": "", "metrics/backends/mysql": "",
        "metrics/backends/postgresql": "",
        "core/db": "from django.db.backends.postgresql import base\n",
    }.items():  # fmt: skip
        folder = tmp_path / name
        folder.mkdir(parents=True)
        (folder / "base.py").write_text(bomb + text)
        for package in (folder, folder.parent):
            (package / "__init__.py").write_text(bomb)
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path
