"""The command check."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from nuages.cli.options import flags, project_options, report_options, unenclosed_option


@click.command()
@click.argument("project", type=click.Path(path_type=Path), default=".")
@project_options
@unenclosed_option
@report_options
def check(project: Path, **options: Any) -> int:
    """Say in seconds what in settings and code of PROJECT will not scale; nothing of it is run.

    Its settings are imported, without its apps and its databases; its code is read.
    """
    from nuages.check import check as look
    from nuages.code import Code
    from nuages.deployment import read as read_deployment
    from nuages.diagnose import diagnose as judge
    from nuages.model import Coverage
    from nuages.project import discover
    from nuages.report import text
    from nuages.report.delivery import Told, asked_of, deliver, silenced

    asked = asked_of(options)
    found = discover(project, **flags(options))
    checked = look(found, enforce=not options["unenclosed"])
    code = Code(checked.recording.roots)
    diagnosis = judge(
        checked.recording,
        project=found.name,
        budgets=found.config.budgets,
        coverage=Coverage(notes=checked.notes),
        code=code,
        deployment=read_deployment(found.root),
    )
    told = Told(
        verb="check",
        root=found.root,
        recording=checked.recording,
        code=code,
        ignore=found.config.ignore,
        budgets=found.config.budgets,
    )
    diagnosis = silenced(diagnosis, told, asked)
    return deliver(
        diagnosis, told, asked, render=text.render_check, console=Console(file=sys.stdout)
    )
