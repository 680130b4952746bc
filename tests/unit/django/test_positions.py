"""What a client has written travels in a cookie that nobody can make harm of."""

from __future__ import annotations

import pytest
from django.conf import settings

if not settings.configured:
    settings.configure()

from nuages.django import positions
from nuages.django.positions import Pin, Reading

NOW = 1_800_000_000


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(positions.time, "time", lambda: NOW + 0.5)


def test_there_and_back() -> None:
    pins = {"default": Pin(position=0x16B3740, at=NOW), "stats-2": Pin(position=1, at=NOW)}
    text = positions.to_text(pins)
    assert text == f"default:16B3740:{NOW}+stats-2:1:{NOW}"
    assert positions.from_text(text) == pins


@pytest.mark.parametrize(
    "text",
    ["", "default", "default:1", f"default:xyz:{NOW}", f"default:1:{NOW}:more", "a b:1:2",
     f"default:1:{NOW - 4000}", f"default:1:{NOW + 4000}", f"default:0:{NOW - 60}",
     "default:" + "F" * 17 + f":{NOW}", "+" * 1000],
)  # fmt: skip
def test_what_is_no_pin_or_binds_no_longer(text: str) -> None:
    assert positions.from_text(text) == {}


def test_a_time_binds_for_seconds_and_a_position_for_an_hour() -> None:
    assert positions.from_text(f"default:0:{NOW - 5}")
    assert positions.from_text(f"default:1:{NOW - 3500}")


def test_no_more_pins_than_anybody_has_databases() -> None:
    text = "+".join(f"d{number}:1:{NOW}" for number in range(100))
    assert len(positions.from_text(text)) == 16


@pytest.mark.parametrize(
    ("sql", "reads"),
    [("SELECT 1", True), ("  (select 1) union (select 2)", True), ("SAVEPOINT x", True),
     ("SET x = 1", True), ("DECLARE c CURSOR FOR SELECT 1", True), ("INSERT INTO t", False),
     ("\n update t set a = 1", False), ("WITH x AS (DELETE FROM t) SELECT 1", False),
     ("with x as (select 1) select * from x", True), ("CALL p()", False), ("TRUNCATE t", False)],
)  # fmt: skip
def test_sql_that_only_reads(sql: str, reads: bool) -> None:
    assert positions._only_reads(sql) is reads


def test_a_block_says_where_it_reads_and_no_longer() -> None:
    assert positions.current() is None
    with positions.reading() as told:
        assert positions.current() is told
        with positions.reading(Reading(on_primary=True)):
            assert positions.current() is not told
        assert positions.current() is told
    assert positions.current() is None
