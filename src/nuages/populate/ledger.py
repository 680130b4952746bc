"""What runs made in a database, written down in it with the rows themselves."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from nuages.populate.keys import Segment, from_plain, to_plain

LEDGER = """
    CREATE TABLE IF NOT EXISTS nuages_populated (
        id serial PRIMARY KEY, unit varchar(200) NOT NULL, table_name varchar(200) NOT NULL,
        first bigint NOT NULL, rows bigint NOT NULL, detail text NOT NULL
    )
"""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """The rows that one run made in one table."""

    unit: str  # label of the model they were made for
    table: str
    first: int  # number of the first among all that were made here
    rows: int
    segments: Mapping[str, Segment] = field(default_factory=dict)
    covers: Mapping[str, int] = field(default_factory=dict)
    until: int = 0  # microseconds: where the dates of the next run begin
    closes: str = ""  # a column: no rows are new, earlier ones got their key of a cycle

    def detail(self) -> dict[str, Any]:
        """The rest of it, for a column of text."""
        segments = {name: to_plain(segment) for name, segment in self.segments.items()}
        told = {"segments": segments, "covers": dict(self.covers), "until": self.until}
        return {**told, "closes": self.closes} if self.closes else told

    @classmethod
    def read(cls, unit: str, table: str, first: int, rows: int, detail: str) -> Entry:
        told = json.loads(detail)
        return cls(
            unit=unit,
            table=table,
            first=first,
            rows=rows,
            segments={name: from_plain(each) for name, each in told["segments"].items()},
            covers=told["covers"],
            until=told["until"],
            closes=told.get("closes", ""),
        )
