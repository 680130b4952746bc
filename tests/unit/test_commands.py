"""Commands as users type them, and what a recording says of its own."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from nuages import commands
from nuages.errors import NuagesError
from nuages.model import Recording


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    """A virtual environment with pytest, and a project beside it."""
    programs = tmp_path / ".venv" / "bin"
    programs.mkdir(parents=True)
    (tmp_path / ".venv" / "pyvenv.cfg").touch()
    for name in ("python", "pytest"):
        (programs / name).touch(mode=0o755)
    (tmp_path / "manage.py").touch()
    (tmp_path / "run.sh").touch(mode=0o755)
    return tmp_path


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("python manage.py test", "{python} manage.py test"),
        ("python3.12 -m pytest", "{python} -m pytest"),
        ("./manage.py test", "{python} ./manage.py test"),
        ("manage.py test", "{python} manage.py test"),
        ("pytest -q", "{bin}/pytest -q"),
        (".venv/bin/pytest -q", "{bin}/pytest -q"),
        ("{bin}/python -m pytest", "{bin}/python -m pytest"),
        ("uv run pytest -q", "{bin}/pytest -q"),
        ("uv run --group dev -p 3.12 --frozen pytest -q", "{bin}/pytest -q"),
        ("uv run -m pytest -q", "{python} -m pytest -q"),
        ("poetry run python manage.py test", "{python} manage.py test"),
        ("./run.sh fast", "./run.sh fast"),
        ("make test", "make test"),
    ],
)
def test_a_command_runs_with_the_projects_python(environment, typed, expected):
    programs = environment / ".venv" / "bin"
    words = {"bin": programs, "python": programs / "python"}
    argv = typed.format(**words).split()
    found = commands.with_python(argv, [str(programs / "python")], environment)
    assert found == expected.format(**words).split()


def test_a_prefix_that_runs_python_stays_one():
    prefix = ["docker", "compose", "run", "web", "python"]
    argv = commands.with_python(["python", "manage.py", "test"], prefix, Path("/"))
    assert argv == [*prefix, "manage.py", "test"]


def test_what_a_recording_says(tmp_path):
    meta = {
        "command": json.dumps(["pytest", "-k", "a b"]),
        "cwd": str(tmp_path),
        "executable": sys.executable,
        "settings": "shop.settings",
        "variables": json.dumps(["HOME", "PAYMENT_HOST"]),
    }
    command = commands.recorded(Recording(meta=meta))
    assert command.argv == ("pytest", "-k", "a b")
    assert (command.cwd, command.python) == (tmp_path, sys.executable)
    assert command.settings == "shop.settings"
    assert "PAYMENT_HOST" in command.variables


def test_an_interpreter_that_is_gone_is_not_named():
    meta = {"command": '["pytest"]', "executable": "/nowhere/python"}
    assert commands.recorded(Recording(meta=meta)).python is None


def test_a_recording_without_a_command_is_refused():
    with pytest.raises(NuagesError, match="does not say which command"):
        commands.recorded(Recording())
