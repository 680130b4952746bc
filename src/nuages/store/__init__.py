"""Recordings: folded from the snapshots of processes, added up, kept in SQLite."""

from nuages.store.folding import fold, recording_from
from nuages.store.merging import merge, merge_all
from nuages.store.sqlite import read, write

__all__ = ["fold", "merge", "merge_all", "read", "recording_from", "write"]
