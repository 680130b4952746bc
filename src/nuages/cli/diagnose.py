"""The commands that judge a recording: diagnose, fix."""

from __future__ import annotations

import json
import sys
from functools import partial
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from nuages.cli.options import (
    apply_option,
    catalog_options,
    commit_option,
    flags,
    input_option,
    json_option,
    patch_option,
    project_options,
    report_options,
    unenclosed_option,
)
from nuages.cli.written import check_writes, write_out
from nuages.errors import NuagesError
from nuages.exits import FOUND


@click.command()
@input_option
@catalog_options
@report_options
def diagnose(source: Path | None, catalog: bool, hypopg: bool, **options: Any) -> int:
    """Say what a recording shows that will not scale, ranked by what it cost."""
    from nuages import store
    from nuages.code import Code
    from nuages.commands import project_of
    from nuages.config import load
    from nuages.deployment import read as read_deployment
    from nuages.diagnose import diagnose as judge
    from nuages.own_database import read_own
    from nuages.project import name_of
    from nuages.report import text
    from nuages.report.delivery import Told, asked_of, deliver, silenced
    from nuages.traffic.recorded import coverage

    asked = asked_of(options)
    recording = store.read(source or _recording_here())
    root = Path(recording.roots.get(".", "."))
    trials: Any = ()
    if catalog or hypopg:
        recording, trials = read_own(project_of(recording), recording, hypopg=hypopg)
    config, code = load(root), Code(recording.roots)
    diagnosis = judge(
        recording,
        project=name_of(root),
        budgets=config.budgets,
        coverage=coverage(recording),
        code=code,
        deployment=read_deployment(root),
        index_trials=trials,
    )
    told = Told(
        verb="diagnose",
        root=root,
        recording=recording,
        code=code,
        ignore=config.ignore,
        budgets=config.budgets,
    )
    diagnosis = silenced(diagnosis, told, asked)
    # What servers wrote has no command that could be run again.
    command = f"nuages fix -i {source}" if source else "nuages fix"
    render = partial(text.render_diagnosis, fix=command if recording.meta.get("argv") else "")
    return deliver(diagnosis, told, asked, render=render, console=Console(file=sys.stdout))


@click.command()
@input_option
@project_options
@apply_option
@commit_option
@patch_option
@unenclosed_option
@json_option
def fix(source: Path | None, as_json: bool, **options: Any) -> int:
    """Edit a scratch copy, run the recorded command on it again, and offer what held."""
    from nuages import store
    from nuages.commands import project_of
    from nuages.report import text
    from nuages.report.json import diagnosis_json
    from nuages.tune import TuneOptions, fix_recording

    recording = store.read(source or _recording_here())
    found = project_of(recording, **flags(options))
    check_writes(found, options)
    diagnosis = fix_recording(
        found,
        recording,
        TuneOptions(enforce=not options["unenclosed"], apply=options["apply"]),
    )
    if as_json:
        click.echo(json.dumps(diagnosis_json(diagnosis), indent=2, ensure_ascii=False))
    else:
        text.render_fixes(diagnosis, Console(file=sys.stdout), applied=options["apply"])
    write_out(found, diagnosis, options)
    return FOUND if diagnosis.findings else 0


def _recording_here() -> Path:
    from nuages.project import find_root

    path = find_root(Path.cwd()) / ".nuages" / "recording.sqlite"
    if not path.exists():
        raise NuagesError(
            f"No recording at {path}.",
            hint="Run `nuages record -- pytest`, or name a recording with -i FILE.",
            slug="no-recording",
        )
    return path
