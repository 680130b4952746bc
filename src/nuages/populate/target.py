"""What a database must do to be filled."""

from __future__ import annotations

import importlib
import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from typing import Protocol

import psycopg

from nuages.populate.catalog import TableCatalog
from nuages.populate.columns import Generator
from nuages.populate.ledger import Entry
from nuages.populate.made import Made
from nuages.populate.planning import TablePlan


def _failures() -> tuple[type[Exception], ...]:
    found: list[type[Exception]] = [psycopg.Error, sqlite3.Error]
    with suppress(ImportError):  # an extra
        found.append(importlib.import_module("pymysql").Error)
    return tuple(found)


FAILURES = _failures()  # of a database; its transaction was rolled back


class Target(Protocol):
    """One database, by a connection of its own."""

    vendor: str

    def close(self) -> None: ...
    def data_folder(self) -> str | None: ...
    def catalog(self, table: str) -> TableCatalog: ...
    def entries(self) -> list[Entry]: ...
    def greatest(self, table: str, column: str) -> int: ...
    def last_text(self, table: str, column: str) -> str: ...
    def listed(self, table: str, column: str, below: int | None = None) -> tuple[Made, int]: ...
    def filling(self, tables: dict[str, int]) -> AbstractContextManager[None]: ...
    def write(self, plan: TablePlan, tick: Callable[[int], None]) -> int: ...
    def update(self, entry: Entry, key: str, keys: Generator, values: Generator) -> None: ...
    def note(self, entry: Entry) -> None: ...
    def advance(self, table: str, column: str, last: int) -> None: ...
