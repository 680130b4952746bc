"""The run's folder: private, and gone whatever the end was."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from nuages import scratch
from nuages.scratch import OWNER_FILE, Scratch


def test_the_folder_is_private_and_gone_afterwards(tmp_path: Path) -> None:
    with Scratch(parent=tmp_path) as run:
        assert run.path.stat().st_mode & 0o007 == 0
        (run.folder("data") / "file").write_text("x")
    assert not run.path.exists()


def test_the_folder_is_gone_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), Scratch(parent=tmp_path) as run:
        raise RuntimeError
    assert not run.path.exists()


def test_read_only_folders_inside_are_removed_too(tmp_path: Path) -> None:
    with Scratch(parent=tmp_path) as run:
        locked = run.folder("work")
        (locked / "file").write_text("x")
        locked.chmod(0)
    assert not run.path.exists()


def test_the_folder_stays_on_request_and_later_runs_leave_it(tmp_path: Path) -> None:
    with Scratch(parent=tmp_path, keep=True) as kept:
        pass
    _orphan(kept.path)
    with Scratch(parent=tmp_path):
        assert kept.path.exists()


def test_the_folder_of_a_killed_run_is_removed_by_the_next(tmp_path: Path) -> None:
    stale = scratch.make_owned_folder(tmp_path)
    _orphan(stale)
    with Scratch(parent=tmp_path):
        assert not stale.exists()


def test_the_folder_of_a_living_run_is_left_alone(tmp_path: Path) -> None:
    with Scratch(parent=tmp_path) as first:
        assert scratch.remove_stale(tmp_path) == ()
        assert first.path.exists()


def test_a_folder_that_is_not_a_runs_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "nuages-notes").mkdir()
    (tmp_path / "nuages-strange").mkdir()
    (tmp_path / "nuages-strange" / OWNER_FILE).write_text("[]")
    assert scratch.remove_stale(tmp_path) == ()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_folder_is_gone_after_a_signal(tmp_path: Path, number: int) -> None:
    code = (
        "import pathlib, signal, sys, time\n"
        "from nuages.scratch import Scratch\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "with Scratch(parent=pathlib.Path(sys.argv[1])):\n"
        "    print('ready', flush=True); time.sleep(60)\n"
    )
    run = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert run.stdout is not None
    run.stdout.readline()
    run.send_signal(number)
    assert run.wait(20) != 0
    assert list(tmp_path.iterdir()) == []


def test_a_process_that_is_gone_has_no_start() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    assert scratch.process_start(child.pid) == ""
    assert scratch.process_start(os.getpid())


def _orphan(folder: Path) -> None:
    path = folder / OWNER_FILE
    owner = json.loads(path.read_text())
    path.write_text(json.dumps({**owner, "started": "long ago"}))
