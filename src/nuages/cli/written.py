"""What becomes of verified fixes beside the report: a patch file, a branch of commits."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from nuages.model import Diagnosis, TuneResult
from nuages.outputs import writable
from nuages.project import Project


def check_writes(project: Project, options: Mapping[str, Any]) -> None:
    """Fail before the work that it is for, and not after."""
    if options["commit"] and options["apply"]:
        raise click.UsageError("--commit leaves the tree as it is, --apply edits it: choose one.")
    if options["patch"]:
        writable(options["patch"])
    if options["commit"]:
        from nuages.fix.commits import repository

        repository(project.root)


def write_out(project: Project, result: Diagnosis | TuneResult, options: Mapping[str, Any]) -> None:
    """Write the patch, make the commits, and say so."""
    if options["patch"]:
        path: Path = options["patch"]
        path.write_text(result.patch, encoding="utf-8", newline="")
        click.echo(f"Patch: {path}", err=True)
    if options["commit"] and result.edits:
        from nuages.fix.commits import commit, steps

        found = list(steps(result.findings, result.sources, result.edits))
        branch, number = commit(found, result.sources, project.source_roots, project.root)
        commits = "1 commit" if number == 1 else f"{number} commits"
        click.echo(f"Branch: {branch}, {commits} ahead", err=True)
    elif options["commit"]:
        click.echo("No branch was made: no fix was verified.", err=True)
