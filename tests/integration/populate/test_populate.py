"""Odd models filled at volume: every rule of the schema holds, and nothing of it is lost."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable
from typing import Any

import pytest

from nuages.stack.databases import PostgresDatabases

Run = Callable[..., subprocess.CompletedProcess[str]]
pytestmark = [pytest.mark.postgres, pytest.mark.xdist_group("populate")]

SCHEMA = """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL
    SELECT indrelid::regclass::text, indexrelid::regclass::text, pg_get_indexdef(indexrelid),
           indisvalid
    FROM pg_index WHERE indrelid::regclass::text NOT LIKE 'pg\\_%'
    ORDER BY 1, 2, 3
"""

NAMES = {"hard_booking": "hard.Booking", "hard_shift": "hard.Shift"}


def read(server: PostgresDatabases, name: str, query: str) -> list[tuple[Any, ...]]:
    with server.connect(name) as connection:
        return connection.execute(query.encode()).fetchall()


def count(server: PostgresDatabases, name: str, table: str) -> int:
    return int(read(server, name, f"SELECT count(*) FROM {table}")[0][0])


@pytest.fixture(scope="module")
def filled(server: PostgresDatabases, url: Callable[[str], str], populate: Run) -> dict[str, Any]:
    """A fresh database, looked at before and after 400 users."""
    assert populate("--users", "400", "--plan", "--database", url("nuages_odd")).returncode == 0
    before = read(server, "nuages_odd", SCHEMA)
    done = populate("--users", "400", "--json", "--database", url("nuages_odd"))
    assert done.returncode == 0, done.stderr
    return {"before": before, **json.loads(done.stdout)}


class TestFilled:
    def test_every_model_has_rows(self, filled: dict[str, Any]) -> None:
        left = {label for label in filled["skipped"] if label.startswith("hard.")}
        assert not left
        assert filled["rows"]["hard.Person"] == 400

    def test_full_clean_accepts_a_sample(self, filled: dict[str, Any]) -> None:
        assert filled["refused"] == {}

    def test_schema_is_as_it_was(self, server: PostgresDatabases, filled: dict[str, Any]) -> None:
        assert read(server, "nuages_odd", SCHEMA) == filled["before"]

    def test_no_index_or_constraint_is_left_unchecked(
        self, server: PostgresDatabases, filled: dict[str, Any]
    ) -> None:
        assert all(row[3] for row in read(server, "nuages_odd", SCHEMA))

    def test_sequences_go_on_after_the_rows(
        self, server: PostgresDatabases, filled: dict[str, Any]
    ) -> None:
        for table in ("hard_follow", "hard_place", "hard_ticket"):
            query = f"SELECT nextval(pg_get_serial_sequence('{table}', 'id')), max(id) FROM {table}"
            following, greatest = read(server, "nuages_odd", query)[0]
            assert following > greatest

    def test_the_other_database_has_its_own(
        self, server: PostgresDatabases, filled: dict[str, Any]
    ) -> None:
        assert count(server, "nuages_odd_events", "hard_click") == filled["rows"]["hard.Click"]

    def test_fan_out_is_skewed(self, server: PostgresDatabases, filled: dict[str, Any]) -> None:
        query = "SELECT count(*) FROM hard_follow GROUP BY source_id ORDER BY 1 DESC"
        followed = [row[0] for row in read(server, "nuages_odd", query)]
        assert followed[0] >= 5 * (sum(followed) / 400)
        assert len(followed) < 400

    def test_moments_rise_with_the_key(
        self, server: PostgresDatabases, filled: dict[str, Any]
    ) -> None:
        query = "SELECT corr(id, extract(epoch FROM since)) FROM hard_follow"
        assert read(server, "nuages_odd", query)[0][0] > 0.99

    def test_stretches_of_time_do_not_overlap(
        self, server: PostgresDatabases, filled: dict[str, Any]
    ) -> None:
        for table in ("hard_booking", "hard_shift"):
            assert count(server, "nuages_odd", table) == filled["rows"][NAMES[table]] > 100
        days = "SELECT upper(days) - lower(days), count(*) FROM hard_booking GROUP BY 1"
        assert all(length == 1 for length, _ in read(server, "nuages_odd", days))

    def test_keys_and_checks_have_what_they_allow(
        self, server: PostgresDatabases, filled: dict[str, Any]
    ) -> None:
        query = (
            "SELECT count(*), count(DISTINCT lowered), count(DISTINCT phase),"
            " bool_and(NOT keeper.is_active) FROM hard_desk"
            " JOIN hard_person keeper ON keeper.id = keeper_id"
        )
        desks = filled["rows"]["hard.Desk"]
        assert read(server, "nuages_odd", query) == [(desks, desks, 2, True)]

    def test_cycles_are_closed(self, server: PostgresDatabases, filled: dict[str, Any]) -> None:
        assert read(server, "nuages_odd", "SELECT FROM hard_head WHERE tail_id IS NOT NULL")
        assert read(server, "nuages_odd", "SELECT FROM hard_place WHERE chief_id IS NOT NULL")


class TestAgain:
    def test_the_same_seed_gives_the_same_rows(
        self, server: PostgresDatabases, url: Callable[[str], str], populate: Run,
        filled: dict[str, Any],
    ) -> None:  # fmt: skip
        populate("--users", "400", "--database", url("nuages_odd_twin"))
        query = "SELECT id, email, nick, joined FROM hard_person ORDER BY id"
        assert read(server, "nuages_odd", query) == read(server, "nuages_odd_twin", query)
        query = "SELECT source_id, target_id FROM hard_follow ORDER BY id"
        assert read(server, "nuages_odd", query) == read(server, "nuages_odd_twin", query)

    def test_more_users_add(
        self, server: PostgresDatabases, url: Callable[[str], str], populate: Run,
        filled: dict[str, Any],
    ) -> None:  # fmt: skip
        query = "SELECT id FROM hard_person"
        before = set(read(server, "nuages_odd", query))
        done = populate("--users", "900", "--json", "--database", url("nuages_odd"))
        assert done.returncode == 0, done.stderr
        assert not json.loads(done.stdout)["skipped"].keys() & {"hard.Follow", "hard.Ticket"}
        assert before < set(read(server, "nuages_odd", query))
        assert count(server, "nuages_odd", "hard_person") == 900
        assert count(server, "nuages_odd", "hard_follow") == 1800

    def test_what_the_time_did_not_allow_is_done_by_the_next_run(
        self, server: PostgresDatabases, url: Callable[[str], str], populate: Run,
        filled: dict[str, Any],
    ) -> None:  # fmt: skip
        arguments = ("--users", "400", "--json", "--database", url("nuages_hurried"))
        hurried = populate("--minutes", "0.01", *arguments)
        assert hurried.returncode == 0, hurried.stderr
        told = json.loads(hurried.stdout)
        assert any("the next run goes on" in reason for reason in told["skipped"].values())
        assert read(server, "nuages_hurried", SCHEMA) == filled["before"]
        rest = json.loads(populate(*arguments).stdout)
        assert not told["rows"].keys() & rest["rows"].keys()
        assert {**told["rows"], **rest["rows"]} == filled["rows"]


class TestEnded:
    def test_schema_is_whole_and_the_next_run_goes_on(
        self, server: PostgresDatabases, url: Callable[[str], str], populate: Run,
        command: Callable[..., list[str]], filled: dict[str, Any],
    ) -> None:  # fmt: skip
        name = "nuages_killed"
        arguments = ("--users", "30000", "--database", url(name))
        populate(*arguments, "--plan")  # makes and migrates it
        for how, table in ((signal.SIGKILL, "hard_follow"), (signal.SIGINT, "hard_ticket")):
            process = subprocess.Popen(command(*arguments), stderr=subprocess.DEVNULL,
                                       stdout=subprocess.DEVNULL)  # fmt: skip
            _until_busy(server, name, table, process)
            process.send_signal(how)
            process.wait(60)
            _until_quiet(server, name)
            assert read(server, name, SCHEMA) == filled["before"]
        done = populate(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        assert read(server, name, SCHEMA) == filled["before"]
        assert count(server, name, "hard_follow") == 60_000
        assert count(server, name, "hard_person") == 30_000
        assert read(server, name, "SELECT FROM hard_head WHERE tail_id IS NOT NULL")


def _until_busy(
    server: PostgresDatabases, name: str, table: str, process: subprocess.Popen[bytes]
) -> None:
    """Until the run is in the transaction that fills a table, its constraints dropped."""
    query = (
        "SELECT FROM pg_locks l JOIN pg_class c ON c.oid = l.relation JOIN pg_database d"
        f" ON d.oid = l.database WHERE d.datname = '{name}' AND c.relname = '{table}'"
        " AND l.mode = 'AccessExclusiveLock'"
    )
    until = time.monotonic() + 120
    while not read(server, name, query):
        assert process.poll() is None, "ended before it could be ended"
        assert time.monotonic() < until
        time.sleep(0.01)


def _until_quiet(server: PostgresDatabases, name: str) -> None:
    """The server notices a dead client when it next reads from it."""
    query = (
        f"SELECT FROM pg_stat_activity WHERE datname = '{name}'"
        " AND application_name = 'nuages populate'"
    )
    until = time.monotonic() + 60
    while read(server, name, query):
        assert time.monotonic() < until
        time.sleep(0.05)


class TestRefuses:
    def test_a_database_elsewhere(self, populate: Run) -> None:
        done = populate("--users", "10", "--database", "postgres://db.example.com/shop")
        assert done.returncode == 2
        assert "--remote shop" in done.stderr

    def test_a_model_that_is_not_there(self, populate: Run, url: Callable[[str], str]) -> None:
        arguments = ("--rows", "hard.Persons=9", "--database", url("nuages_odd"))
        done = populate("--users", "10", *arguments)
        assert done.returncode == 2
        assert "did you mean hard.Person?" in done.stderr

    def test_to_guess_which_database_is_meant(self, populate: Run) -> None:
        done = populate("--users", "10")
        assert done.returncode == 2
        assert "no database is named" in done.stderr
