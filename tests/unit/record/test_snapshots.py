"""Snapshots: whole or refused, one file a process, written without being asked."""

from __future__ import annotations

import threading
import time

import pytest

from nuages.record import snapshots

KEY = {"host": "h", "pid": 1, "start": 2, "random": "r"}


def test_what_is_encoded_is_decoded():
    snapshot = {"key": KEY, "scopes": [{"name": "é"}]}
    assert snapshots.decode(snapshots.encode(snapshot)) == snapshot


@pytest.mark.parametrize(
    "damage", [lambda d: d[:-1], lambda d: d[1:], lambda d: b"", lambda d: d[:9]]
)
def test_a_damaged_file_is_refused(damage):
    with pytest.raises(ValueError, match="nuages"):
        snapshots.decode(damage(snapshots.encode({"key": KEY})))


@pytest.fixture
def writer(tmp_path):
    taken = []

    def snapshot():
        taken.append(1)
        return {"key": KEY, "sequence": len(taken)}

    writer = snapshots.Writer(str(tmp_path), snapshot)
    yield writer
    writer.pause()


def read(folder):
    [path] = folder.glob("*.nuages")
    return snapshots.decode(path.read_bytes())


def until(condition):
    for _ in range(300):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("it never happened")


def test_something_new_is_written_soon(writer, tmp_path):
    writer.touch()
    until(lambda: list(tmp_path.glob("*.nuages")))
    assert read(tmp_path)["sequence"] == 1


def test_without_anything_new_nothing_is_written(writer, tmp_path):
    writer.touch()
    until(lambda: list(tmp_path.glob("*.nuages")))
    time.sleep(0.5)
    writer.flush(is_last=True)
    assert read(tmp_path)["sequence"] == 1


def test_a_later_snapshot_replaces_the_earlier(writer, tmp_path):
    writer.write()
    writer.write()
    assert read(tmp_path)["sequence"] == 2
    assert len(list(tmp_path.iterdir())) == 1


def test_no_thread_is_left_for_a_fork(writer):
    writer.touch()
    writer.pause()
    assert "nuages-snapshots" not in {thread.name for thread in threading.enumerate()}
    writer.touch()
    assert "nuages-snapshots" in {thread.name for thread in threading.enumerate()}


def test_a_snapshot_that_fails_is_a_fault_and_not_an_error(tmp_path):
    from nuages.record import faults

    faults.clear()
    snapshots.Writer(str(tmp_path), lambda: {}["key"]).write()
    assert faults.count == 1
    faults.clear()
