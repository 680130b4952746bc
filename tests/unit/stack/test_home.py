from __future__ import annotations

import os

import pytest

from nuages.stack import home


@pytest.fixture
def place(tmp_path):
    here = home.home_of(tmp_path / "shop", parent=tmp_path)
    home.make(here)
    return here


def test_each_project_has_its_own(tmp_path):
    names = {home.home_of(tmp_path / name).path for name in ("a", "b")}
    assert len(names) == 2


def test_sockets_fit_into_their_longest_path(tmp_path):
    path = home.home_of(tmp_path).path / "r" / f"{'s' * 30}-160.sock"
    assert len(os.fsencode(path)) <= 103


def test_two_at_once_are_one_too_many(place):
    held = home.lock(place)
    with pytest.raises(home.StackError, match="up already"):
        home.lock(place)
    held.close()
    home.lock(place).close()


def test_a_folder_that_others_can_write_is_not_taken(place):
    place.path.chmod(0o777)
    with pytest.raises(home.StackError, match="this user alone"):
        home.make(place)


def test_who_runs_is_told_by_a_process_that_lives(place):
    assert home.running(place) is None
    home.write_state(place, url="http://localhost/")
    assert home.running(place)["url"] == "http://localhost/"
    text = place.state.read_text().replace(f'"pid": {os.getpid()}', '"pid": 1')
    place.state.write_text(text)
    assert home.running(place) is None
