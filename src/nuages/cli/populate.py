"""The command `nuages populate`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from nuages.cli.options import Count, flags, json_option, project_options
from nuages.outputs import make_folder, own_folder


class Rows(click.ParamType[Any]):
    """`app.Model=5_000_000`."""

    name = "app.Model=N"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[str, int]:
        """The label and the number; underscores are allowed in it, as in Python."""
        label, _, number = str(value).partition("=")
        try:
            return label, int(number)
        except ValueError:
            self.fail(f"{value!r} is not app.Model=N", param, ctx)


@click.command()
@click.argument("project", type=click.Path(path_type=Path), default=".")
@project_options
@click.option("--users", type=Count(), required=True, help="Users in all, such as 1_000_000.")
@click.option(
    "--rows", "rows", type=Rows(), multiple=True, help="Rows in all of a model; may be given again."
)
@click.option(
    "--database",
    metavar="URL",
    help="The database to fill; one named nuages_… is made and migrated when it is not there.",
)
@click.option("--own", is_flag=True, help="Fill the project's own databases, as it names them.")
@click.option(
    "--remote",
    metavar="NAME",
    help="The name of a database that is not on this machine, to say a second time that"
    " it may be filled.",
)
@click.option(
    "--everything",
    is_flag=True,
    help="What libraries keep for themselves, too: revisions, logs, reference data.",
)
@click.option(
    "--like",
    metavar="URL",
    help="Take ratios and distributions of this database, which is only read; no name, no text.",
)
@click.option("--plan", "plan_only", is_flag=True, help="Say rows, bytes and time; fill nothing.")
@click.option(
    "--minutes",
    type=click.FloatRange(min=0.01),
    help="Begin no further model after so long; the next run goes on.",
)
@click.option(
    "--logins",
    type=click.IntRange(0),
    default=1000,
    show_default=True,
    help="Users who get a session; .nuages/logins.jsonl lists their cookies and tokens.",
)
@click.option(
    "--seed", type=int, default=1953, show_default=True, help="The same seed, the same rows."
)
@json_option
def populate(project: Path, as_json: bool, **options: Any) -> int:
    """Fill a database with the volume of production: rows for every model of PROJECT.

    What an earlier run made counts: a run that was ended is gone on with, and a greater number of
    users adds. Example: nuages populate --users 1_000_000 --database postgres:///nuages_scratch
    """
    from nuages.populate import PopulateOptions
    from nuages.populate import populate as fill
    from nuages.populate.places import none_told
    from nuages.populate.report import render, to_json, write_logins
    from nuages.progress import Progress
    from nuages.project import discover

    if not options["own"] and not options["database"]:
        raise none_told()
    found = discover(project, **flags(options))
    done = fill(
        found,
        PopulateOptions(
            users=options["users"],
            rows=dict(options["rows"]),
            database=options["database"],
            remote=options["remote"],
            everything=options["everything"],
            plan_only=options["plan_only"],
            seed=options["seed"],
            minutes=options["minutes"],
            logins=options["logins"],
            like=options["like"],
        ),
        Progress(),
    )
    if done.logins.get("users"):
        listed = own_folder(found.root) / "logins.jsonl"
        make_folder(listed)
        write_logins(listed, done)
    if as_json:
        click.echo(json.dumps(to_json(done), indent=2, ensure_ascii=False))
    else:
        click.echo(render(done))
    return 0
