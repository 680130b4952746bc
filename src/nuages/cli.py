"""The command line: the loop, one verb a command."""

from __future__ import annotations

import gc
import json
import sys
from functools import partial
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from nuages import (
    __version__,
    about,
    load_commands,
    populating,
    prove_command,
    stack_commands,
    stateless_command,
)
from nuages.errors import NuagesError
from nuages.exits import FOUND, run
from nuages.options import (
    Count,
    apply_option,
    catalog_options,
    flags,
    input_option,
    json_option,
    output_option,
    own_folder,
    project_options,
    report_options,
    unenclosed_option,
    writable,
)


class Loop(click.Group):
    """Lists the commands in the order of the loop."""

    order = (
        "check", "tune", "populate", "record", "collect", "traffic", "load", "diagnose", "fix", "prove",
        "stateless", "topology", "up", "ps", "scale", "restart", "logs", "down", "rules", "explain",
        "enclosure",
    )  # fmt: skip

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order in which they are used."""
        return sorted(self.commands, key=self.order.index)


@click.group(cls=Loop, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="nuages")
def cli() -> None:
    """Takes a Django project from one process to millions of users, by measurement.

    The loop: record → diagnose → fix → prove, on a scratch database and a scratch copy; `tune`
    runs it all. Results go to stdout, progress to stderr. Exit codes: 0 nothing to report,
    1 findings, 2 nuages or the project failed.
    """


@cli.command()
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
    from nuages.report import text
    from nuages.report.delivery import Told, asked_of, deliver, silenced

    asked = asked_of(options)
    found = _discover(project, options)
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
    return deliver(diagnosis, told, asked, render=text.render_check, console=_stdout())


@cli.command()
@click.argument("project", type=click.Path(path_type=Path), default=".")
@project_options
@click.option("--record", help="Enter through the project's tests: a command such as 'pytest -q'.")
@click.option("--data-command", help="Management command that fills the scratch database.")
@click.option("--fixture", "fixtures", multiple=True, help="Fixture to load; may be given again.")
@click.option(
    "--rows",
    type=click.IntRange(1),
    default=300,
    show_default=True,
    help="Rows a model that the generic fill makes.",
)
@click.option(
    "--users",
    type=Count(),
    help="Fill with the volume that so many users make, as `nuages populate` does.",
)
@click.option(
    "--html",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The report page. [default: .nuages/report.html in the project]",
)
@apply_option
@unenclosed_option
@click.option("--keep", is_flag=True, help="Keep the scratch folder.")
@json_option
def tune(project: Path, html: Path | None, as_json: bool, **options: Any) -> int:
    """Run the whole loop on PROJECT and report what changed."""
    from nuages.recording import make_folder
    from nuages.report import html as page
    from nuages.report import text
    from nuages.report.json import tune_json
    from nuages.tune import TuneOptions
    from nuages.tune import tune as run_loop

    found = _discover(project, options)
    target = writable(html or own_folder(found.root) / "report.html")
    result = run_loop(
        found,
        TuneOptions(
            rows=options["rows"],
            users=options["users"],
            enforce=not options["unenclosed"],
            apply=options["apply"],
            keep=options["keep"],
        ),
    )
    make_folder(target)
    target.write_text(page.render_html(result, budgets=found.config.budgets), encoding="utf-8")
    if as_json:
        click.echo(json.dumps(tune_json(result), indent=2, ensure_ascii=False))
    else:
        offer = "" if options["apply"] else "nuages tune --apply"
        text.render_tune(result, _stdout(), html=target, apply=offer)
    click.echo(f"Report: {target}", err=True)
    return FOUND if result.findings else 0


cli.add_command(populating.populate)


@cli.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
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
    said = f"nuages: {calls:,} queries recorded in {seen.processes} process(es). Next: {follows}"
    if recorded.is_partial:
        said = (
            f"nuages: interrupted. {calls:,} queries were recorded until then, and kept apart: "
            f"nuages diagnose -i {recorded.written}"
        )
    click.echo(said, err=True)
    return recorded.exit_code


@cli.command()
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
    requests, jobs = executions(recording)
    figures = {"processes": recording.processes, "requests": requests, "jobs": jobs}
    others = f" and {jobs:,} commands and tasks" if jobs else ""
    if as_json:
        click.echo(json.dumps({"schema": 1, **figures, "output": str(target)}))
    click.echo(
        f"nuages: {requests:,} requests{others} of {recording.processes:,} process(es) collected. "
        f"Next: nuages diagnose{f' -i {output}' if output else ''}",
        err=True,
    )
    return 0


@cli.command()
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
    return deliver(diagnosis, told, asked, render=render, console=_stdout())


@cli.command()
@input_option
@project_options
@apply_option
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
    diagnosis = fix_recording(
        found,
        recording,
        TuneOptions(enforce=not options["unenclosed"], apply=options["apply"]),
    )
    if as_json:
        click.echo(json.dumps(diagnosis_json(diagnosis), indent=2, ensure_ascii=False))
    else:
        text.render_fixes(diagnosis, _stdout(), applied=options["apply"])
    return FOUND if diagnosis.findings else 0


for command in (
    load_commands.traffic, load_commands.load, prove_command.prove, stateless_command.stateless,
    *stack_commands.COMMANDS, about.rules, about.explain, about.enclosure,
):  # fmt: skip
    cli.add_command(command)


def _discover(path: Path, options: dict[str, Any]) -> Any:
    from nuages.project import discover

    return discover(path, **flags(options))


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


def _stdout() -> Console:
    return Console(file=sys.stdout)


def main() -> None:
    """Entry point of the `nuages` command."""
    code = run(lambda: cli.main(standalone_mode=False) or 0)
    gc.freeze()  # to look for cycles in what ends anyway takes a quarter of `check`
    sys.exit(code)
