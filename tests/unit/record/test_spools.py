"""Spools: private, bounded in number, and never somebody else's."""

from __future__ import annotations

import os
import stat

import pytest

from nuages.record.spools import ABANDONED, SLACK, Spool


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_process_has_one_file(tmp_path):
    spool = Spool(str(tmp_path / "spool"))
    spool.put("host-1-a", b"first")
    spool.put("host-1-a", b"second")
    assert names(spool.folder) == ["host-1-a.nuages"]
    assert (spool.folder / "host-1-a.nuages").read_bytes() == b"second"


def test_the_folders_that_it_makes_are_its_users_own(tmp_path):
    Spool(str(tmp_path / "above" / "spool"), kept=1).put("a", b"")
    for folder in (tmp_path / "above", tmp_path / "above" / "spool"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_folder_that_is_there_is_left_as_it_is(tmp_path):
    tmp_path.chmod(0o750)
    Spool(str(tmp_path), kept=1).put("a", b"")
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o750


def put(spool, count):
    for number in range(count):
        spool.put(f"p{number:03}", b"")
        os.utime(spool.folder / f"p{number:03}.nuages", (1000 + number, 1000 + number))


def test_only_the_newest_stay(tmp_path):
    spool = Spool(str(tmp_path), kept=5)
    put(spool, 5 + SLACK + 1)
    spool.prune()
    assert names(tmp_path) == [f"p{number:03}.nuages" for number in range(17, 22)]


def test_a_few_more_are_left_until_looking_is_worth_it(tmp_path):
    spool = Spool(str(tmp_path), kept=5)
    put(spool, 5 + SLACK)
    spool.prune()
    assert len(names(tmp_path)) == 5 + SLACK


def test_a_scratch_spool_keeps_all(tmp_path):
    spool = Spool(str(tmp_path))
    put(spool, 60)
    spool.prune()
    assert len(names(tmp_path)) == 60


def test_what_was_never_finished_goes_and_what_is_being_written_stays(tmp_path):
    spool = Spool(str(tmp_path), kept=5)
    for name in ("old.1.tmp", "new.2.tmp", "notes.txt"):
        (tmp_path / name).write_text("")
    long_ago = os.stat(tmp_path / "new.2.tmp").st_mtime - ABANDONED - 60
    for name in ("old.1.tmp", "notes.txt"):
        os.utime(tmp_path / name, (long_ago, long_ago))
    spool.prune()
    assert names(tmp_path) == ["new.2.tmp", "notes.txt"]


@pytest.fixture
def shared(tmp_path):
    """A folder that everybody may write to, as /tmp is."""
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    return shared


def test_a_link_that_somebody_put_there_first_is_refused(shared, tmp_path):
    (tmp_path / "theirs").mkdir()
    (shared / "nuages-1").symlink_to(tmp_path / "theirs")
    with pytest.raises(PermissionError, match="nuages-1"):
        Spool(str(shared / "nuages-1" / "shop"), kept=1).put("a", b"")
    assert names(tmp_path / "theirs") == []


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs another user")
def test_a_folder_of_another_user_is_refused(shared):
    (shared / "nuages-1").mkdir()
    os.chown(shared / "nuages-1", 12345, 12345)
    with pytest.raises(PermissionError, match="nuages-1"):
        Spool(str(shared / "nuages-1"), kept=1).put("a", b"")


def test_one_of_ones_own_there_is_used(shared):
    Spool(str(shared / "nuages-1" / "shop"), kept=1).put("a", b"")
    assert names(shared / "nuages-1" / "shop") == ["a.nuages"]
