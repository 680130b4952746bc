"""Real scratch servers: the system's and the embedded one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from nuages.errors import NuagesError
from nuages.scratch import Scratch
from nuages.stack.databases import PostgresDatabases, start_postgres
from nuages.stack.postgres import ADMIN, USER, PostgresUnavailable
from nuages.stack.programs import candidates

INSTALLED = [kind for kind in ("system", "embedded") if next(candidates(kind), None)]


@pytest.fixture(scope="module", params=INSTALLED)
def databases(request: pytest.FixtureRequest) -> Iterator[PostgresDatabases]:
    with Scratch() as scratch, start_postgres(scratch.path, wanted=request.param) as server:
        yield server


def test_a_database_is_created_cloned_and_dropped(databases: PostgresDatabases) -> None:
    databases.create(["nuages_a_default", "nuages_a_default"])
    with databases.server.connect("nuages_a_default") as connection:
        connection.execute("CREATE TABLE post AS SELECT generate_series(1, 500) AS id")
        databases.clone("nuages_a_default", "nuages_b_default")  # although one is connected
    with databases.server.connect("nuages_b_default") as connection:
        assert connection.execute("SELECT count(*) FROM post").fetchone() == (500,)
    databases.clone("nuages_a_default", "nuages_b_default")
    databases.drop(["nuages_b_default"])
    assert not databases.exists("nuages_b_default")


def test_analyze_tells_the_planner_how_many_rows_there_are(databases: PostgresDatabases) -> None:
    databases.create(["nuages_s_default"])
    with databases.server.connect("nuages_s_default") as connection:
        connection.execute("CREATE TABLE tag AS SELECT generate_series(1, 700) AS id")
        databases.analyze(["nuages_s_default"])
        rows = connection.execute("SELECT reltuples FROM pg_class WHERE relname = 'tag'").fetchone()
    assert rows == (700.0,)


def test_the_same_question_gets_the_same_answer(databases: PostgresDatabases) -> None:
    with databases.server.connect() as connection:
        for setting, value in {
            "synchronize_seqscans": "off", "max_parallel_workers_per_gather": "0",
            "TimeZone": "UTC", "listen_addresses": "", "fsync": "off",
        }.items():  # fmt: skip
            found = connection.execute("SELECT current_setting(%s)", [setting]).fetchone()
            assert found == (value,), setting


def test_upper_case_is_known_beyond_ascii(databases: PostgresDatabases) -> None:
    with databases.server.connect() as connection:
        assert connection.execute("SELECT upper('é')").fetchone() == ("É",)


def test_a_query_that_nobody_waits_for_any_more_ends(databases: PostgresDatabases) -> None:
    if databases.server.major < 14:
        pytest.skip("it learns of a client that is gone since 14")
    databases.create(["nuages_q_default"])
    waiting = databases.connect("nuages_q_default")
    waiting.pgconn.send_query(b"SELECT pg_sleep(60)")
    running = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%%pg_sleep%%' AND pid = %s"
    pid = waiting.info.backend_pid
    with databases.server.connect() as connection:
        assert connection.execute(running, [pid]).fetchone() == (1,)
        waiting.close()
        until = time.monotonic() + 10
        while connection.execute(running, [pid]).fetchone() != (0,):
            assert time.monotonic() < until
            time.sleep(0.1)


def test_databases_of_others_are_not_touched(databases: PostgresDatabases) -> None:
    with pytest.raises(NuagesError, match="only touches"):
        databases.drop(["postgres"])


def as_project(
    server: PostgresDatabases, database: str, user: str = USER
) -> psycopg.Connection[Any]:
    where = server.overlay("")["postgres"]
    return psycopg.connect(
        host=where["host"], port=where["port"], user=user, dbname=database, autocommit=True
    )


def test_the_project_can_not_become_the_superuser(databases: PostgresDatabases) -> None:
    databases.create(["nuages_p_default"])
    with pytest.raises(psycopg.OperationalError, match="no password supplied"):
        as_project(databases, "nuages_p_default", ADMIN)
    with as_project(databases, "nuages_p_default") as connection:
        for command in (
            "COPY (SELECT 1) TO PROGRAM 'cat'", "COPY (SELECT 1) TO '/tmp/nuages-escaped'",
            f"SET ROLE {ADMIN}", "CREATE ROLE other SUPERUSER", "ALTER SYSTEM SET port = 1",
            "SELECT pg_read_file('/etc/passwd')", "SELECT lo_import('/etc/passwd')",
        ):  # fmt: skip
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(command)
    assert not [*databases.server.home.glob("password*")]


def test_the_project_owns_its_databases_and_makes_others(databases: PostgresDatabases) -> None:
    databases.create(["nuages_o_default"])
    with as_project(databases, "nuages_o_default") as connection:
        connection.execute("CREATE TABLE post (id integer)")
        connection.execute("CREATE SCHEMA shop")
    databases.clone("nuages_o_default", "nuages_q_default")
    with as_project(databases, "nuages_q_default") as connection:
        connection.execute("INSERT INTO post VALUES (1)")
        connection.execute("ALTER TABLE post ADD COLUMN name text")
        connection.execute("CREATE DATABASE test_nuages_q_default")
        connection.execute("DROP DATABASE test_nuages_q_default")


def test_extensions_of_the_migrations_are_in_every_database() -> None:
    wanted = ["pageinspect", "pg_trgm", "no_such_thing"]
    with Scratch() as scratch, start_postgres(scratch.path, extensions=wanted) as server:
        server.create(["nuages_e_default"])
        with as_project(server, "nuages_e_default") as connection:
            connection.execute("CREATE DATABASE test_nuages_e_default")
        with as_project(server, "test_nuages_e_default") as connection:
            for name in ("pageinspect", "pg_trgm"):  # the first is a superuser's to make
                connection.execute(f"CREATE EXTENSION IF NOT EXISTS {name}")
            assert connection.execute("SELECT similarity('a', 'a')").fetchone() == (1.0,)


def test_an_extension_that_is_missing_is_said(databases: PostgresDatabases) -> None:
    with Scratch() as scratch:
        with start_postgres(scratch.path, extensions=["hstore", "no_such_thing"]) as server:
            assert "no extension no_such_thing" in server.notes[-1]
        assert not (scratch.path / "pg").exists()


def test_the_log_is_in_the_error_of_a_server_that_does_not_start(tmp_path: Path) -> None:
    for program, does in {
        "initdb": "exit 0", "postgres": "[ $1 = --version ] && echo 'postgres 16.1' && exit\n"
        "echo 'FATAL: no space left'; exit 1",
    }.items():  # fmt: skip
        (tmp_path / program).write_text(f"#!/bin/sh\n{does}\n")
        (tmp_path / program).chmod(0o755)
    if os.geteuid() == 0:  # nobody has to reach the programs
        for folder in (tmp_path, *list(tmp_path.parents)[:3]):
            folder.chmod(0o755)
    with Scratch() as scratch, pytest.raises(PostgresUnavailable) as error:
        start_postgres(scratch.path, wanted=str(tmp_path))
    assert "no space left" in error.value.detail


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_the_server_and_its_files_go_with_the_tool(number: int) -> None:
    code = (
        "import signal, time\n"
        "from nuages.scratch import Scratch\n"
        "from nuages.stack.databases import start_postgres\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "with Scratch() as scratch, start_postgres(scratch.path) as databases:\n"
        "    print(scratch.path, flush=True); time.sleep(60)\n"
    )
    tool = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert tool.stdout is not None
    folder = Path(tool.stdout.readline().strip())
    pid = int((folder / "pg/data/postmaster.pid").read_text().splitlines()[0])
    tool.send_signal(number)
    tool.wait(60)
    assert _becomes_true(lambda: not folder.exists()), "the folder is still there"
    assert _becomes_true(lambda: not _alive(pid)), "the server is still there"


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _becomes_true(condition: Callable[[], bool], seconds: float = 30) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False
