"""What a fill will do, or did: for people and as JSON."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nuages.populate.verb import Populated

SCHEMA = 1


def to_json(done: Populated) -> dict[str, Any]:
    """The document that `nuages populate --json` prints."""
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "planned": [
            {
                "model": each.label,
                "rows_there": each.there,
                "rows": each.rows,
                "bytes": each.bytes,
                "seconds": round(each.seconds, 1),
            }
            for each in done.planned
        ],
        "skipped": dict(sorted(done.skipped.items())),
    }
    if done.filled is not None:
        document |= {
            "rows": done.filled.rows,
            "short": done.filled.short,
            "read": done.filled.read,
            "refused": done.filled.refused,
            "seconds": round(done.filled.seconds, 2),
            "rows_per_second": round(_rate(done)),
        }
    return document


def render(done: Populated) -> str:
    """A few lines a person reads."""
    return "\n".join(_planned(done) if done.filled is None else _filled(done))


def write_logins(path: Path, done: Populated) -> None:
    """One line a user: key, login, cookie, token; and the password that all of them have."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        for user in done.logins["users"]:
            file.write(json.dumps({**user, "password": done.logins["password"]}) + "\n")


def _planned(done: Populated) -> Iterator[str]:
    width = max((len(each.label) for each in done.planned), default=0)
    yield f"{'model':{width}}  {'there':>12}  {'to make':>12}  {'MB':>9}"
    for each in sorted(done.planned, key=lambda each: -each.rows):
        yield (
            f"{each.label:{width}}  {each.there:>12,}  {each.rows:>12,}  {each.bytes / 1e6:>9,.1f}"
        )
    rows = sum(each.rows for each in done.planned)
    size = sum(each.bytes for each in done.planned)
    seconds = sum(each.seconds for each in done.planned)
    yield f"In all {rows:,} rows, about {size / 1e9:.2f} GB and {seconds:,.0f} s."
    yield from _left_out(done)


def _filled(done: Populated) -> Iterator[str]:
    assert done.filled is not None
    rows = done.filled.rows
    width = max((len(label) for label in rows), default=0)
    for label, count in sorted(rows.items(), key=lambda item: (-item[1], item[0])):
        note = done.filled.short.get(label)
        yield f"{label:{width}}  {count:>12,}" + (f"  (no more: {note})" if note else "")
    total = sum(rows.values())
    yield f"{total:,} rows in {done.filled.seconds:,.1f} s, {_rate(done):,.0f} a second."
    for label, reasons in sorted(done.filled.refused.items()):
        yield f"{label}: full_clean() of a sample says {', '.join(sorted(reasons))}"
    users = done.logins.get("users", ())
    if users:
        yield f"{len(users):,} users are listed in .nuages/logins.jsonl."
    if note := done.logins.get("note"):
        yield f"Sessions: {note}."
    yield from _left_out(done)


def _left_out(done: Populated) -> Iterator[str]:
    if done.skipped:
        yield "Not filled:"
        by_reason: dict[str, list[str]] = {}
        for label, why in sorted(done.skipped.items()):
            by_reason.setdefault(why, []).append(label)
        yield from (f"  {', '.join(labels)}: {why}" for why, labels in by_reason.items())


def _rate(done: Populated) -> float:
    assert done.filled is not None
    return sum(done.filled.rows.values()) / max(done.filled.seconds, 1e-9)
