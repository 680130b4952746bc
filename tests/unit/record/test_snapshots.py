"""Snapshots: whole or refused, one file a process, written without being asked."""

from __future__ import annotations

import itertools
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


def test_the_last_flush_waits_for_the_write_that_is_under_way(tmp_path):
    begun, release = threading.Event(), threading.Event()

    def snapshot():
        begun.set()
        release.wait(5)
        return {"key": KEY, "sequence": 1}

    writer = snapshots.Writer(str(tmp_path), snapshot, pace=snapshots.Pace(idle=0))
    writer.touch()
    assert begun.wait(5)
    threading.Timer(0.2, release.set).start()
    writer.flush(is_last=True)
    assert read(tmp_path)["sequence"] == 1
    writer.pause()


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


def burning(cpu_seconds):
    """A snapshot that takes its time."""
    end = time.thread_time() + cpu_seconds
    while time.thread_time() < end:
        pass
    return {"key": KEY, "scopes": []}


def written_by(writer, seconds):
    """Times at which a process that is never idle was written."""
    moments = []
    put = writer._put
    writer._put = lambda snapshot: (put(snapshot), moments.append(time.monotonic()))
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        writer.touch()
        time.sleep(0.005)
    writer.pause()
    return moments


def test_a_busy_process_is_written_within_the_flush_interval(tmp_path):
    pace = snapshots.pace("light", 2.0)
    writer = snapshots.Writer(str(tmp_path), lambda: burning(0), pace=pace, kept=10)
    moments = written_by(writer, 4)
    gaps = [later - earlier for earlier, later in itertools.pairwise(moments)]
    assert len(gaps) >= 2
    assert max(gaps) < 2.0


def test_writing_takes_half_a_percent_of_a_processor(tmp_path):
    pace = snapshots.pace("light", 1.0)
    writer = snapshots.Writer(str(tmp_path), lambda: burning(0.02), pace=pace, kept=10)
    assert len(written_by(writer, 3)) == 1  # the next is due after four seconds


@pytest.mark.parametrize(("kept", "files"), [(None, 1), (10, 0)])
def test_that_a_process_did_nothing_is_written_in_a_lab_only(tmp_path, kept, files):
    snapshots.Writer(str(tmp_path), lambda: burning(0), kept=kept).close()
    assert len(list(tmp_path.iterdir())) == files


@pytest.mark.parametrize(
    ("mode", "told", "idle"), [("deep", None, 0.2), ("light", None, 1.0), ("light", 10.0, 1.25)]
)
def test_the_pace_is_the_modes_unless_it_is_told(mode, told, idle):
    assert snapshots.pace(mode, told).idle == idle
