"""The command prove."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nuages.cli.options import (
    FILE,
    flags,
    json_option,
    project_options,
    rows_option,
    server_options,
    stdout,
    traffic_option,
    unenclosed_option,
    users_option,
)
from nuages.errors import NuagesError
from nuages.exits import FOUND
from nuages.outputs import writable

if TYPE_CHECKING:
    from nuages.progress import Progress
    from nuages.project import Project
    from nuages.prove import Proof


@click.command()
@click.argument("versions", nargs=-1, metavar="A B")
@click.option("--since", metavar="REV", help="A is this revision, B the work tree as it stands.")
@click.option(
    "--project", type=click.Path(path_type=Path), default=".", help="The project. [default: here]"
)
@project_options
@traffic_option
@click.option(
    "--load/--no-load",
    "under_load",
    default=True,
    help="Measure latencies and the knee under load, too.",
)
@click.option(
    "--rate",
    type=click.FloatRange(min=0, min_open=True),
    help="Of the load. [default: half of the smaller knee]",
)
@click.option(
    "--pairs",
    type=click.IntRange(2),
    default=4,
    show_default=True,
    help="Processes of each version.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(min=0.1),
    default=3.0,
    show_default=True,
    help="Of taking turns, each pair.",
)
@server_options
@rows_option
@users_option
@unenclosed_option
@click.option("--html", type=FILE, help="Write a page with the distributions.")
@json_option
def prove(
    versions: tuple[str, ...], since: str | None, project: Path, as_json: bool, **options: Any
) -> int:  # fmt: skip
    """Compare two versions on the same data and say whether B is better, worse, or another site.

    A and B are git revisions, folders, or a .patch file on top of the work tree.
    Examples: nuages prove --since v1.4; nuages prove main my-branch; nuages prove . fix.patch
    """
    from nuages.progress import Progress
    from nuages.project import discover
    from nuages.report import proof_page, proofs

    a, b = _pair(versions, since, project)
    target = writable(options["html"]) if options["html"] else None
    found = discover(project, **flags(options))
    proof = _proof(found, a, b, options, Progress())
    if target:
        target.write_text(proof_page.render(proof), "utf-8")
        click.echo(f"Report: {target}", err=True)
    if as_json:
        click.echo(json.dumps(proofs.proof_json(proof), indent=2, ensure_ascii=False))
    else:
        proofs.render_proof(proof, stdout())
    return FOUND if proof.judgement in ("worse", "different answers") else 0


def _pair(versions: tuple[str, ...], since: str | None, project: Path) -> tuple[str, str]:
    told = (since, *(versions or (str(project),))) if since else versions
    if len(told) != 2:
        raise NuagesError(
            f"Two versions are compared, {len(told)} were named.",
            hint="nuages prove A B, or nuages prove --since REV",
            slug="version",
        )
    return str(told[0]), str(told[1])


def _proof(found: Project, a: str, b: str, options: dict[str, Any], progress: Progress) -> Proof:
    from nuages.cli.mixes import filled, mix_for
    from nuages.loading import LoadOptions, compare_loaded
    from nuages.prove import ProveOptions, version_of
    from nuages.prove import prove as compare
    from nuages.serving import ServerOptions

    servers = ServerOptions(workers=options["workers"], threads=options["threads"])
    with filled(found, options, progress, users=options["users"]) as lab:
        folder = lab.scratch.path / "versions"
        first, second = (version_of(v, found, folder / n) for v, n in ((a, "a"), (b, "b")))
        at_first = replace(lab, project=first.project)
        mix = mix_for(at_first, found.root, options, progress)
        return compare(
            lab,
            first,
            second,
            mix,
            ProveOptions(pairs=options["pairs"], seconds=options["seconds"]),
            progress=progress,
            load=(
                lambda sides: compare_loaded(
                    sides, mix, LoadOptions(rate=options["rate"], servers=servers)
                )
            )
            if options["under_load"]
            else None,
        )
