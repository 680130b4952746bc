"""The enclosure's ledger as it is shown: files written side by side make one line."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from nuages.model import LedgerEntry

FILES = 4  # from so many on, a folder's files are told together


def grouped(ledger: Iterable[LedgerEntry]) -> tuple[LedgerEntry, ...]:
    """The entries, with many contained writes into one folder from one origin as one of them."""
    folders: dict[object, list[LedgerEntry]] = defaultdict(list)
    for entry in ledger:
        folder, _, name = entry.target.rpartition("/")
        is_file = entry.kind == "write" and entry.verdict == "contained" and bool(folder and name)
        where = (folder, entry.origin, entry.via) if is_file else id(entry)
        folders[where].append(entry)
    return tuple(entry for entries in folders.values() for entry in _told(entries))


def _told(entries: list[LedgerEntry]) -> list[LedgerEntry]:
    if len(entries) < FILES:
        return entries
    folder = entries[0].target.rpartition("/")[0]
    times = sum(entry.count for entry in entries)
    return [replace(entries[0], target=f"{len(entries)} files in {folder}/", count=times)]
