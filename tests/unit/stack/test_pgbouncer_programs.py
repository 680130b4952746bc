from __future__ import annotations

from nuages.stack import pgbouncer_programs

VERSION = "PgBouncer 1.25.1\\nlibevent 2.1.12\\nsystemd: yes"


def program(folder, text: str = VERSION):
    path = folder / "pgbouncer"
    path.write_text(f"#!/bin/sh\nprintf '{text}\\n'\n")
    path.chmod(0o755)
    return path


def test_the_one_that_was_told_is_examined(tmp_path):
    found = pgbouncer_programs.find(str(program(tmp_path)), tmp_path)
    assert found.version == (1, 25, 1)
    assert found.takes_socket


def test_one_that_was_not_built_for_it_is_handed_no_socket(tmp_path):
    found = pgbouncer_programs.examine(program(tmp_path, "PgBouncer 1.23.0\\nsystemd: no"))
    assert not found.takes_socket


def test_another_program_is_none(tmp_path):
    assert pgbouncer_programs.find(str(program(tmp_path, "pgpool 4")), tmp_path) is None


def test_nothing_is_downloaded_in_the_place_of_one_that_was_told(tmp_path):
    assert pgbouncer_programs.find(str(tmp_path / "none"), tmp_path) is None
    assert list(tmp_path.iterdir()) == []
