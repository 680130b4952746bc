"""What a fill will take, before it is done: rows, bytes, seconds; and whether the disk has them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass

from nuages.errors import NuagesError
from nuages.populate.catalog import TableCatalog
from nuages.populate.schema import Table

# Bytes of a column as stored; texts as the generic values have them.
WIDTHS: Mapping[str, int] = {
    "bool": 1, "int2": 2, "int4": 4, "int8": 8, "float4": 4, "float8": 8, "numeric": 8,
    "uuid": 16, "date": 4, "timestamp": 8, "timestamptz": 8, "text": 120, "varchar": 18,
    "jsonb": 20, "tsvector": 60,
}  # fmt: skip
OTHER = 24
ROW = 28  # tuple header and line pointer (PostgreSQL's manual, Database Page Layout)
INDEX = 8 + 8 + 4  # tuple header, an eight-byte key, its line pointer; pages are 90 % full
# Rows a second on two cores with nothing else to do, indexes and foreign keys included: measured
# for PostgreSQL (benchmarks.md), for the others reckoned from runs on busy cores.
RATES: Mapping[str, int] = {"postgresql": 330_000, "sqlite": 100_000, "mysql": 30_000}
PROCESSES = 1.5  # that run at a time: the server, and what makes the rows
POOL = 0.5  # seconds a model: what the project's own code takes for its pool of rows
SPARE = 1.3  # of the disk: what building an index sorts on it


@dataclass(frozen=True, kw_only=True)
class Planned:
    """What one model will get."""

    label: str
    there: int  # rows made by earlier runs
    rows: int  # rows to make
    bytes: int
    seconds: float


def planned(
    label: str,
    there: int,
    rows: int,
    parts: list[tuple[Table, TableCatalog]],
    *,
    vendor: str,
    strain: float = 1.0,
) -> Planned:
    """Rows of a model with the bytes of all their tables and indexes.

    `strain` says how many times longer than on an idle machine things take.
    """
    each = sum(_row_bytes(catalog) for _, catalog in parts)
    return Planned(
        label=label,
        there=there,
        rows=rows,
        bytes=rows * each,
        seconds=strain * (POOL + rows * len(parts) / RATES[vendor]) if rows else 0.0,
    )


def strain() -> float:
    """What other work on this machine costs: its cores are shared evenly with who wants to run."""
    if not hasattr(os, "getloadavg"):
        return 1.0
    return max(1.0, (os.getloadavg()[0] + PROCESSES) / (os.cpu_count() or 1))


def _row_bytes(catalog: TableCatalog) -> int:
    stored = ROW + sum(WIDTHS.get(name, OTHER) for name in catalog.types.values())
    return int(stored + catalog.indexes * INDEX / 0.9)


def check_disk(needed: int, folder: str | None) -> None:
    """Raise NuagesError when the disk that holds the data has not room enough."""
    if folder is None or not os.path.isdir(folder):
        return  # on another machine, or not to be seen from here
    free = shutil.disk_usage(folder).free
    if needed * SPARE > free:
        raise NuagesError(
            f"the rows need about {needed * SPARE / 1e9:.1f} GB, {folder} has"
            f" {free / 1e9:.1f} GB left",
            hint="ask for fewer: --users, or --rows app.Model=N for the biggest of --plan",
            slug="disk-full",
        )
