"""What a fill will take: the rate of the database, and what else the machine does."""

from __future__ import annotations

import os

import pytest

from nuages.populate.catalog import TableCatalog
from nuages.populate.estimates import planned, strain
from nuages.populate.schema import Table

TABLE = Table(label="app.Here", table="here", columns=())
CATALOG = TableCatalog(table="here", types={"id": "int8", "name": "varchar"})


def seconds(rows: int, vendor: str = "postgresql", strain: float = 1.0) -> float:
    told = planned("app.Here", 0, rows, [(TABLE, CATALOG)], vendor=vendor, strain=strain)
    return told.seconds


def test_what_was_measured_is_foretold() -> None:
    # examples/chorus for a million users on idle cores: 21 models, 15,112,000 rows, 45.3 s
    assert 45.3 / 1.5 < 20 * seconds(1) + seconds(15_112_000) < 45.3 * 1.5


def test_other_databases_are_slower() -> None:
    assert seconds(10**6) < seconds(10**6, "sqlite") < seconds(10**6, "mysql")


def test_nothing_to_make_takes_no_time() -> None:
    assert seconds(0, strain=4.0) == 0


@pytest.mark.parametrize(("load", "factor"), [(0.3, 1.0), (2.5, 2.0), (10.5, 6.0)])
def test_a_busy_machine_takes_longer(
    load: float, factor: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "getloadavg", lambda: (load, 0.0, 0.0))
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    assert strain() == factor
    assert seconds(10**6, strain=strain()) == pytest.approx(factor * seconds(10**6))
