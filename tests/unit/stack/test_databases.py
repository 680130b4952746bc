"""Scratch databases in files, and the names that nuages may touch."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from nuages.errors import NuagesError
from nuages.stack.databases import start_sqlite


def test_a_clone_has_the_rows_and_a_life_of_its_own(tmp_path: Path) -> None:
    with start_sqlite(tmp_path) as databases:
        file = Path(databases.overlay("nuages_a")["sqlite"]["dir"]) / "nuages_a_default.sqlite3"
        databases.create(["nuages_a_default"])
        with sqlite3.connect(file) as connection:
            connection.execute("CREATE TABLE post (id integer)")
            connection.execute("INSERT INTO post VALUES (1)")
        databases.clone("nuages_a_default", "nuages_b_default")
        with sqlite3.connect(file) as connection:
            connection.execute("DELETE FROM post")
        with sqlite3.connect(file.with_name("nuages_b_default.sqlite3")) as copy:
            assert copy.execute("SELECT count(*) FROM post").fetchone() == (1,)


def test_a_database_goes_by_its_name_or_its_file(tmp_path: Path) -> None:
    with start_sqlite(tmp_path) as databases:
        databases.create(["nuages_a_default"])
        assert databases.exists(str(tmp_path / "sqlite" / "nuages_a_default.sqlite3"))


def test_dropping_twice_is_fine(tmp_path: Path) -> None:
    with start_sqlite(tmp_path) as databases:
        databases.create(["nuages_a_default"])
        databases.drop(["nuages_a_default"])
        databases.drop(["nuages_a_default"])
        assert not databases.exists("nuages_a_default")


def test_files_are_gone_afterwards(tmp_path: Path) -> None:
    with start_sqlite(tmp_path) as databases:
        databases.create(["nuages_a_default"])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["postgres", "shop", "my_nuages_a", "nuages_a; DROP"])
def test_other_names_are_refused(tmp_path: Path, name: str) -> None:
    with start_sqlite(tmp_path) as databases, pytest.raises(NuagesError, match="only touches"):
        databases.drop([name])


def test_why_not_postgresql_is_said(tmp_path: Path) -> None:
    with start_sqlite(tmp_path, reason="psycopg could not be installed") as databases:
        assert databases.notes[-1] == "psycopg could not be installed"
