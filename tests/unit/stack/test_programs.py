"""Which PostgreSQL is chosen."""

from __future__ import annotations

from pathlib import Path

import pytest

from nuages.stack.programs import candidates, minimum_for_django, pg_major


@pytest.mark.parametrize(
    ("django", "major"),
    [("4.2.16", 13), ("5.0.1", 13), ("5.2.19", 14), ("6.0a1", 14), ("6.1", 15), ("7.0", 15)],
)
def test_the_oldest_postgresql_is_the_one_that_django_accepts(django: str, major: int) -> None:
    assert minimum_for_django(django) == major


def test_a_beta_has_its_releases_major() -> None:
    assert pg_major("19beta1") == 19


def test_programs_of_a_named_folder_are_the_only_ones(tmp_path: Path) -> None:
    _install(tmp_path / "bin", "17.2")
    assert [each.version for each in candidates(str(tmp_path / "bin"))] == ["17.2"]


def test_programs_that_are_too_old_are_no_candidates(tmp_path: Path) -> None:
    _install(tmp_path / "bin", "12.9")
    assert list(candidates(str(tmp_path / "bin"), minimum=13)) == []


def test_a_folder_without_initdb_is_no_candidate(tmp_path: Path) -> None:
    assert list(candidates(str(tmp_path))) == []


def _install(folder: Path, version: str) -> None:
    folder.mkdir()
    (folder / "initdb").touch()
    (folder / "postgres").write_text(f"#!/bin/sh\necho 'postgres (PostgreSQL) {version}'\n")
    (folder / "postgres").chmod(0o755)
