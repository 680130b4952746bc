"""What a project's processes are started with: the environment that they find."""

from __future__ import annotations

import os
from pathlib import Path

from nuages import enclosure
from nuages.agent.attach import AttachConfig
from nuages.attach import prepare
from nuages.project import Project
from nuages.scratch import Scratch


def environment(
    project: Project, scratch: Scratch, config: AttachConfig, *, settings: bool = True
) -> dict[str, str]:
    """The variables of a process of the project that nuages attaches to.

    Without `settings` the process finds its settings module by itself, as a test suite does.
    """
    base = enclosure.environment(
        {**os.environ, **project.env_file_values},
        scratch=scratch.folder("child"),
        names_in_project=project.environment_names,
        extra=project.environment,
    )
    base.pop("DJANGO_SETTINGS_MODULE", None)
    if settings:
        base["DJANGO_SETTINGS_MODULE"] = project.settings
    if len(project.python) == 1:  # scripts and `make` find the project's programs, too
        folder = str(Path(project.python[0]).parent)
        base["PATH"] = os.pathsep.join([folder, base.get("PATH", os.defpath)])
    base["PYTHONPATH"] = os.pathsep.join(
        [*map(str, project.sys_path), *filter(None, [base.get("PYTHONPATH")])]
    )
    return {**base, **prepare(scratch.path, config, base)}
