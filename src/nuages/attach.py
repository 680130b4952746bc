"""Copies the agent's set out alone, and says what a child's environment needs to be attached."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from nuages.agent.attach import VARIABLE, AttachConfig

PACKAGE = Path(__file__).parent
# What the project's interpreter gets to see: the standard library and Django are all it needs.
AGENT_SET = (
    "__init__.py", "model", "errors.py", "pytest_plugin.py", "agent", "record", "django",
)  # fmt: skip
PYTEST_PLUGIN = "-p nuages.pytest_plugin"


def prepare(
    scratch_dir: Path, config: AttachConfig, env: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Put the agent's set into `<scratch_dir>/attach`; → additions to a child's environment.

    `env` is the environment that the additions go on top of; by default this process's own.
    """
    env = os.environ if env is None else env
    folder = scratch_dir / "attach"
    _materialise(folder)
    count = sum(1 for _ in scratch_dir.glob("attach-*.json"))
    described = scratch_dir / f"attach-{count}.json"
    described.write_text(config.to_json(), encoding="utf-8")
    additions = {
        "PYTHONPATH": _before(str(folder), env.get("PYTHONPATH")),
        VARIABLE: str(described),
    }
    if config.mode:
        options = env.get("PYTEST_ADDOPTS", "")
        if PYTEST_PLUGIN not in options:
            additions["PYTEST_ADDOPTS"] = f"{options} {PYTEST_PLUGIN}".strip()
    return additions


def _before(folder: str, existing: str | None) -> str:
    # An empty entry stays: it means the working directory.
    entries = existing.split(os.pathsep) if existing else []
    return os.pathsep.join([folder, *(entry for entry in entries if entry != folder)])


def _materialise(folder: Path) -> None:
    if (folder / "sitecustomize.py").exists():
        return
    package = folder / "nuages"
    package.mkdir(parents=True, exist_ok=True)
    ignore = shutil.ignore_patterns("__pycache__", "*.pyc")
    for name in AGENT_SET:
        source = PACKAGE / name
        if source.is_dir():
            shutil.copytree(source, package / name, ignore=ignore, dirs_exist_ok=True)
        elif source.exists():
            shutil.copy(source, package / name)
    shutil.copy(PACKAGE / "agent" / "sitecustomize.py", folder / "sitecustomize.py")
