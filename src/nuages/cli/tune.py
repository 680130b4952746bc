"""The command tune: the whole loop."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from nuages.cli.options import (
    apply_option,
    commit_option,
    flags,
    json_option,
    patch_option,
    project_options,
    rows_option,
    server_options,
    traffic_option,
    unenclosed_option,
    users_option,
)
from nuages.cli.written import check_writes, write_out
from nuages.exits import FOUND
from nuages.outputs import make_folder, own_folder, writable


@click.command()
@click.argument("project", type=click.Path(path_type=Path), default=".")
@project_options
@click.option("--record", help="Enter through the project's tests: a command such as 'pytest -q'.")
@click.option(
    "--tests",
    help="The project's tests, such as 'pytest -q': run without the fixes and with them; a fix that"
    " breaks one is refused.",
)
@click.option(
    "--cache-seconds",
    type=click.IntRange(min=1),
    metavar="N",
    help="How old a result may be that is the same for everybody: queries that are asked again and"
    " again are kept that long. [default: none is kept]",
)
@click.option("--data-command", help="Management command that fills the scratch database.")
@click.option("--fixture", "fixtures", multiple=True, help="Fixture to load; may be given again.")
@rows_option
@users_option
@click.option(
    "--html",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The report page. [default: .nuages/report.html in the project]",
)
@apply_option
@commit_option
@patch_option
@unenclosed_option
@click.option(
    "--minutes",
    type=click.FloatRange(min=0, min_open=True),
    default=10.0,
    show_default=True,
    help="After which no edit and no load is begun any more; a later run goes on.",
)
@click.option(
    "--load/--no-load",
    default=True,
    help="Put load on the site without and with the fixes: how much it holds, and how fast.",
)
@traffic_option
@server_options
@click.option("--fresh", is_flag=True, help="Try again what earlier runs refused.")
@click.option("--keep", is_flag=True, help="Keep the scratch folder.")
@json_option
def tune(project: Path, html: Path | None, as_json: bool, **options: Any) -> int:
    """Run the whole loop on PROJECT and report what changed."""
    from nuages.cli.mixes import known_mix
    from nuages.project import discover
    from nuages.report import html as page
    from nuages.report import text
    from nuages.report.json import tune_json
    from nuages.tune import TuneOptions
    from nuages.tune import tune as run_loop

    found = discover(project, **flags(options))
    check_writes(found, options)
    target = writable(html or own_folder(found.root) / "report.html")
    result = run_loop(
        found,
        TuneOptions(
            rows=options["rows"],
            users=options["users"],
            enforce=not options["unenclosed"],
            apply=options["apply"],
            keep=options["keep"],
            minutes=options["minutes"],
            load=options["load"],
            workers=options["workers"],
            threads=options["threads"],
            mix=known_mix(found.root, options),
            remembered=_remembered(found.root, fresh=options["fresh"]),
        ),
    )
    make_folder(target)
    target.write_text(page.render_html(result, budgets=found.config.budgets), encoding="utf-8")
    if as_json:
        click.echo(json.dumps(tune_json(result), indent=2, ensure_ascii=False))
    else:
        offer = "" if options["apply"] else "nuages tune --apply"
        text.render_tune(result, Console(file=sys.stdout), html=target, apply=offer)
    click.echo(f"Report: {target}", err=True)
    write_out(found, result, options)
    return FOUND if result.findings else 0


def _remembered(root: Path, *, fresh: bool) -> Path:
    """The file of what earlier runs refused; a fresh run begins with none."""
    path = own_folder(root) / "refused.json"
    if fresh:
        path.unlink(missing_ok=True)
    return path
