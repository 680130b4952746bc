"""What happens to a spool, a disk, a clock or a process costs a flush interval at most."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from nuages import store
from nuages.record import snapshots
from nuages.recording import record_command


@pytest.fixture
def spool(tmp_path):
    return tmp_path / "spool"


@pytest.fixture
def recorded(library, environment, spool):
    """Does some of rough/spooling.py's work to its end; → what it printed on standard output."""

    def recorded(*arguments, into=spool, **options):
        scenario, *rest = arguments
        done = subprocess.run(
            [sys.executable, "rough/spooling.py", scenario, str(into), *rest],
            cwd=library, env=environment, capture_output=True, text=True, timeout=60, check=False,
            **options,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    return recorded


def tasks(spool):
    """Executions of tasks and commands by name."""
    recording = store.fold(spool)
    assert recording.cut == {}
    return {s.scope.name: s.executions for s in recording.scopes if s.scope.kind != "process"}


def test_on_a_full_disk_the_earlier_snapshot_stays_whole(recorded, spool):
    left = json.loads(recorded("full"))
    assert left == [".nuages"]  # no half-written file beside it
    assert tasks(spool) == {"work": 3}


def test_once_there_is_room_again_nothing_is_lost(recorded, spool):
    recorded("full", "room")
    recording = store.fold(spool)
    assert tasks(spool) == {"work": 8}
    assert int(recording.meta["recorder_faults"]) >= 1
    assert "OSError" in recording.meta["recorder_fault"]


def test_a_folder_removed_under_way_is_made_again(recorded, spool):
    recorded("removed")
    assert tasks(spool) == {"work": 5}


def test_a_file_in_the_way_of_the_folder_changes_nothing_for_the_project(recorded, tmp_path):
    (tmp_path / "file").write_text("in the way")
    recorded("plain", into=tmp_path / "file")
    recorded("plain", into=tmp_path / "file" / "spool")
    assert (tmp_path / "file").read_text() == "in the way"


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="there is no read-only folder here")
def test_a_folder_that_cannot_be_written_changes_nothing_for_the_project(recorded):
    recorded("plain", into="/proc/nuages")


def test_a_wall_clock_that_jumps_is_not_what_is_measured_by(recorded, spool):
    recorded("clocks")
    recording = store.fold(spool)
    assert tasks(spool) == {"work": 6}  # of three snapshots the last counts
    [work] = [s for s in recording.scopes if s.scope.name == "work"]
    assert 0 < work.db_ns <= work.wall_ns < 60 * 10**9
    assert all(0 <= event.offset_ns < 60 * 10**9 for e in recording.exemplars for event in e.events)


def test_threads_that_are_alive_at_the_end(recorded, spool):
    recorded("threads")
    seen = tasks(spool)
    assert (seen["work"], seen["late"]) == (1, 2)
    assert seen["endless"] > 0


def test_a_process_that_ends_in_the_midst_of_a_scope(recorded, spool):
    recorded("within")
    assert tasks(spool) == {"work": 2, "unfinished": 1}


def test_without_standard_streams_home_and_rights_for_others(library, environment, spool):
    def close_streams():
        os.umask(0o077)
        for number in range(3):
            os.close(number)

    poor = {name: value for name, value in environment.items() if name not in ("HOME", "USER")}
    done = subprocess.run(
        [sys.executable, "rough/spooling.py", "plain", str(spool)],
        cwd=library, env=poor, preexec_fn=close_streams, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0
    assert tasks(spool) == {"work": 3}


def test_a_process_killed_while_it_writes_loses_what_was_not_written(recorded, spool):
    written = json.loads(recorded("killed"))
    assert len(written) == 20
    assert sum(1 for count in written if count) >= 3  # had begun, on however busy a machine
    for number, count in enumerate(written):
        found = tasks(spool / str(number)).get("work", 0)
        assert found in (count, count + 1)  # the last may have been written and not announced


# Forks and further processes, of which each records for itself.


@pytest.fixture
def attached(library, environment, tmp_path, run):
    run("-c", PREPARE)

    def attached(*argv):
        recorded = record_command(
            [sys.executable, *argv], cwd=library, output=tmp_path / "r.sqlite", env=environment
        )
        assert recorded.exit_code == 0
        return recorded.recording

    return attached


PREPARE = """
import os, django
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
django.setup()
from django.core.management import call_command
call_command("migrate", run_syncdb=True, verbosity=0)
from shelf.data import fill
fill()
"""


@pytest.mark.parametrize(
    ("how", "of_child"), [("os", True), ("through", True), ("fork", True), ("spawn", False)]
)
def test_a_fork_within_a_request_counts_every_query_once(attached, how, of_child):
    recording = attached("rough/forks.py", how)
    scopes = {s.scope.name: s for s in recording.scopes}
    request = scopes["GET /forking/<slug:how>/"]
    # A spawned process inherits nothing, so what it asks is not the request's.
    assert request.queries == (5 if of_child else 4)
    assert request.executions == (2 if of_child else 1)
    assert 0 < request.cpu_ns <= request.wall_ns * 2
    assert sum(s.queries for s in recording.scopes) == 5
    assert recording.meta.get("recorder_faults") is None


@pytest.mark.parametrize("how", ["spawn", "forkserver", "fork"])
def test_a_process_that_imports_django_in_its_midst_leaves_nothing_out(attached, library, how):
    (library / "late.py").write_text(LATE)
    recording = attached("late.py", how)
    assert [s.executions for s in recording.scopes if s.scope.name == "work"] == [3]


LATE = """
import multiprocessing, os, sys

def main():
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    import django
    django.setup()
    from rough.spooling import work
    work(3)

if __name__ == "__main__":
    process = multiprocessing.get_context(sys.argv[1]).Process(target=main)
    process.start()
    process.join()
"""


def test_a_process_that_becomes_another_program(attached):
    recording = attached("-c", BECOMING)
    assert {s.scope.name: s.executions for s in recording.scopes}["work"] == 5
    assert recording.processes == 2


BECOMING = """
import os, sys, time
sys.path.insert(0, os.getcwd())
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
import django
django.setup()
from rough.spooling import work
work(int(os.environ.get("WORK", 2)))
if "WORK" not in os.environ:
    time.sleep(0.8)  # until it is written: exec runs no atexit
    os.environ["WORK"] = "3"
    os.execv(sys.executable, [sys.executable, "-c", sys.orig_argv[-1]])
"""


# What is in a spool when it is read.


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[: len(data) // 2],
        lambda data: data[:-1],
        lambda data: data.replace(b"NUAGES1", b"NUAGES9"),
        lambda data: data[:60] + bytes([data[60] ^ 1]) + data[61:],
        lambda data: snapshots.encode({"another": "version"}),
        lambda data: snapshots.encode([1, 2]),
        lambda data: snapshots.encode({**snapshots.decode(data), "groups": [{"scope": 99}]}),
        lambda data: snapshots.encode({**snapshots.decode(data), "scopes": [{"new": "field"}]}),
        lambda data: snapshots.encode({**snapshots.decode(data), "sequence": None}),
    ],
)
def test_a_file_that_cannot_be_read_is_counted_and_the_others_are_used(one_file, tmp_path, damage):
    whole = one_file.read_bytes()
    (tmp_path / "good.nuages").write_bytes(whole)
    (tmp_path / "bad.nuages").write_bytes(damage(whole))
    (tmp_path / "folder.nuages").mkdir()
    recording = store.fold(tmp_path)
    assert recording.cut == {"damaged snapshots": 2}
    assert [s.executions for s in recording.scopes if s.scope.name == "work"] == [3]


@pytest.fixture(scope="module")
def one_file(library, environment, tmp_path_factory):
    spool = tmp_path_factory.mktemp("spool")
    subprocess.run(
        [sys.executable, "rough/spooling.py", "plain", str(spool)],
        cwd=library, env=environment, timeout=60, check=True,
    )  # fmt: skip
    [path] = spool.glob("*.nuages")
    yield path
    shutil.rmtree(spool)
