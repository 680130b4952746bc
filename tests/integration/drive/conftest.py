"""A project with everything that makes driving hard, and agents that drive it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from nuages.session import AgentSession

PROJECT = Path(__file__).parent / "project"
SOURCE = Path(__file__).resolve().parents[3] / "src"

Start = Callable[..., AgentSession]


@pytest.fixture(scope="module")
def start() -> Iterator[Start]:
    """Starts agents without an enclosure; they end with the module."""
    with ExitStack() as stack:

        def start(project: Path, settings: str, **variables: str) -> AgentSession:
            env = {**os.environ, "PYTHONPATH": str(SOURCE), "DJANGO_SETTINGS_MODULE": settings}
            env |= {"PYTHONDONTWRITEBYTECODE": "1", **variables}
            return stack.enter_context(AgentSession.start([sys.executable], cwd=project, env=env))

        yield start
