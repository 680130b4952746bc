"""The tests on every supported pair of Python and Django: nox, nox -s 'tests(…)', nox -l."""

from __future__ import annotations

import os
from pathlib import Path

import nox

# Pythons that each Django supports, by its release notes, less those below 3.11.
PYTHONS = {
    "4.2": ("3.11", "3.12"),
    "5.2": ("3.11", "3.12", "3.13"),
    "6.0": ("3.12", "3.13"),
    "6.1": ("3.12", "3.13"),
}
PAIRS = [
    nox.param(python, django, id=f"python{python}-django{django}")
    for django, pythons in PYTHONS.items()
    for python in pythons
]

QUEUES = (
    "apscheduler<4", "celery", "django-q2", "django-tasks", "dramatiq", "huey", "procrastinate",
    "redis", "rq", "schedule",
)  # fmt: skip
SERVERS = ("uvicorn",)

# pyenv's shims refuse versions that are not active; the interpreters themselves do not.
PYENV = sorted(Path.home().glob(".pyenv/versions/3.*/bin"))
os.environ["PATH"] = os.pathsep.join([os.environ["PATH"], *map(str, PYENV)])

nox.options.sessions = ["lint", "types", "agent_alone", "tests"]
nox.options.error_on_missing_interpreters = False


@nox.session
@nox.parametrize("python,django", PAIRS)
def tests(session: nox.Session, django: str) -> None:
    """The whole suite, or what is named after --."""
    session.install(f"django~={django}.0", "-e", ".[stack,dev]")
    session.run("pytest", *(session.posargs or ["-n", "auto", "--dist", "loadgroup"]))


@nox.session
@nox.parametrize("python,django", PAIRS)
def agent_alone(session: nox.Session, django: str) -> None:
    """The agent's half with Django and nothing else installed."""
    session.install(f"django~={django}.0")
    session.run("python", "tools/agent_alone.py")


@nox.session(python="3.13")
def queues(session: nox.Session) -> None:
    """The tests of jobs and servers, with all that the recorder knows to hook."""
    session.install("django~=6.0.0", "-e", ".[dev]", *QUEUES, *SERVERS)
    hooked = [f"tests/integration/record/test_{name}.py" for name in ("queues", "servers")]
    session.run("pytest", "-n", "0", *hooked)


@nox.session
def lint(session: nox.Session) -> None:
    """The rules and the format."""
    session.install(*_pinned("ruff"))
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")


@nox.session(python="3.11")
def types(session: nox.Session) -> None:
    """The strict type check."""
    session.install("-e", ".[stack,dev]")
    session.run("mypy")


def _pinned(name: str) -> list[str]:
    """What pyproject.toml's dev extra says of one tool."""
    extras = nox.project.load_toml("pyproject.toml")["project"]["optional-dependencies"]
    return [requirement for requirement in extras["dev"] if requirement.startswith(name)]
