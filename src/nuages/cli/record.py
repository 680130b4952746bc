"""The commands that make a recording: record, collect."""

from __future__ import annotations

import json
from pathlib import Path

import click

from nuages.cli.options import json_option, output_option
from nuages.errors import NuagesError
from nuages.outputs import own_folder, writable
from nuages.wording import several


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.option("--deep/--light", default=True, help="deep: lineage too (lab); light: production.")
@output_option
@json_option
@click.argument("command", nargs=-1, type=click.UNPROCESSED, metavar="COMMAND...")
def record(command: tuple[str, ...], output: Path | None, deep: bool, as_json: bool) -> int:
    """Run COMMAND just as you would, with the recorder in it.

    Its environment and its databases are its own; nuages only watches. Ends with COMMAND's exit
    code, or with 2 when nothing could be recorded.
    Example: nuages record -- pytest -q
    """
    from nuages.project import find_root, source_roots
    from nuages.recording import record_command

    if not command:
        raise NuagesError(
            "No command was given to record.",
            hint="Give one as you would type it, after --: nuages record -- pytest -q",
            slug="no-command",
        )
    root = find_root(Path.cwd())
    recorded = record_command(
        list(command),
        cwd=Path.cwd(),
        output=writable(output or own_folder(root) / "recording.sqlite"),
        deep=deep,
        roots=source_roots(root),
    )
    seen = recorded.recording
    calls = sum(stats.queries for stats in seen.scopes)
    if as_json:
        figures = {"queries": calls, "processes": seen.processes, "exit_code": recorded.exit_code}
        click.echo(json.dumps({"schema": 1, **figures}))
    follows = "nuages diagnose" if calls else "name a command that uses the project's database"
    asked = several(calls, "query", "queries")
    processes = several(seen.processes, "process", "processes")
    said = f"nuages: {asked} recorded in {processes}. Next: {follows}"
    if recorded.is_partial:
        said = (
            f"nuages: interrupted. Recorded until then, and kept apart: {asked}; "
            f"nuages diagnose -i {recorded.written}"
        )
    click.echo(said, err=True)
    return recorded.exit_code


@click.command()
@click.argument("sources", nargs=-1, type=click.Path(exists=True, path_type=Path))
@output_option
@json_option
def collect(sources: tuple[Path, ...], output: Path | None, as_json: bool) -> int:
    """Make one recording of what servers wrote that have "nuages.django" in INSTALLED_APPS.

    SOURCES are the folders they write to, from any number of hosts, and earlier recordings to add.
    Without any: the folders of this machine's processes of the project here.
    Example: nuages collect web1/spool web2/spool -o site.sqlite
    """
    from nuages.collect import collect as add_up
    from nuages.collect import executions
    from nuages.project import find_root
    from nuages.recording import write

    here = Path.cwd()
    recording = add_up(sources, here=here)
    target = writable(output or own_folder(find_root(here)) / "recording.sqlite")
    write(recording, target)
    requests, routes, jobs = executions(recording)
    figures = {
        "processes": recording.processes, "requests": requests, "routes": routes, "jobs": jobs,
    }  # fmt: skip
    others = f" and {jobs:,} commands and tasks" if jobs else ""
    if as_json:
        click.echo(json.dumps({"schema": 1, **figures, "output": str(target)}))
    click.echo(
        f"nuages: {several(requests, 'request')} to {several(routes, 'route')}{others} of "
        f"{several(recording.processes, 'process', 'processes')} collected. "
        f"Next: nuages diagnose{f' -i {output}' if output else ''}",
        err=True,
    )
    return 0
