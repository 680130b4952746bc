"""The project's own Python is found, and one that will not do is told."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from nuages.project.interpreter import InterpreterError, find, probe, resolve


@pytest.fixture(autouse=True)
def no_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    monkeypatch.delenv("CONDA_PREFIX", raising=False)


def test_an_interpreter_says_what_it_is(tmp_path: Path) -> None:
    found = probe([sys.executable], tmp_path, packages=["django", "no_such_package"])
    assert found.version == sys.version_info[:3]
    assert found.django
    assert Path(found.folders["django"]).name == "django"
    assert "no_such_package" not in found.folders


def test_what_it_prints_at_start_does_not_matter(tmp_path: Path) -> None:
    noisy = _script(tmp_path / "python", f'echo starting; exec {sys.executable} "$@"')
    assert probe([str(noisy)], tmp_path).django


def test_the_virtual_environment_of_the_project_comes_first(tmp_path: Path) -> None:
    own = _script(tmp_path / ".venv/bin/python", f'exec {sys.executable} "$@"')
    (tmp_path / "site").mkdir()
    assert find(tmp_path / "site", None).command == (str(own),)


def test_a_virtual_environment_without_django_is_passed_over(tmp_path: Path) -> None:
    _script(tmp_path / "venv/bin/python", f'exec {sys.executable} -S "$@"')
    assert find(tmp_path, None).command == (sys.executable,)


def test_an_interpreter_that_was_told_is_not_replaced(tmp_path: Path) -> None:
    bare = _script(tmp_path / "bare", f'exec {sys.executable} -S "$@"')
    with pytest.raises(InterpreterError, match="bare` has no Django"):
        find(tmp_path, [str(bare)])


def test_an_old_python_is_told_with_its_version(tmp_path: Path) -> None:
    old = _script(
        tmp_path / "old", "echo '@@nuages " + '{"version": [3, 8, 1], "django": "4.2", "path": [],'
        '"drivers": [], "packages": {}, "folders": {}, "libc": [], "implementation": "CPython",'
        '"soabi": "", "platform": ""}' + "'",
    )  # fmt: skip
    with pytest.raises(InterpreterError, match=r"is 3\.8\.1, which is older than 3\.11"):
        find(tmp_path, [str(old)])


def test_what_is_no_interpreter_is_told_with_what_it_said(tmp_path: Path) -> None:
    other = _script(tmp_path / "other", "echo 'no such container' >&2; exit 7")
    with pytest.raises(InterpreterError, match="ended with 7") as error:
        find(tmp_path, [str(other)])
    assert error.value.detail == "no such container"


def test_a_program_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InterpreterError, match="cannot run the project's Python `nowhere/python`"):
        find(tmp_path, ["nowhere/python"])


def test_a_virtual_environments_folder_is_enough(tmp_path: Path) -> None:
    own = _script(tmp_path / "env/bin/python", "true")
    assert resolve(["env"], tmp_path) == (str(own),)
    assert resolve(["env/bin/python", "-X", "dev"], tmp_path) == (str(own), "-X", "dev")
    assert resolve(["docker", "compose"], tmp_path) == ("docker", "compose")


def _script(path: Path, does: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{does}\n")
    path.chmod(0o755)
    return path
