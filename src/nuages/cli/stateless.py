"""The command that proves whether any replica may answer any request: nuages stateless."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from nuages.cli.options import flags, json_option, project_options, unenclosed_option
from nuages.errors import NuagesError
from nuages.exits import FOUND

if TYPE_CHECKING:
    from nuages.stateless import Difference, StatelessProof
    from nuages.stateless.journeys import Journey
    from nuages.stateless.replicas import HttpReplica

MARKS = {"same": "[green]same[/]", "different": "[red]different[/]", "not comparable": "[dim]–[/]"}


@click.command()
@click.argument("project", type=click.Path(path_type=Path), default=".")
@project_options
@unenclosed_option
@click.option("--replicas", type=click.IntRange(2), default=3, show_default=True,
              help="Processes that the requests are spread over.")  # fmt: skip
@click.option("--journeys", "told", type=click.Path(path_type=Path, dir_okay=False),
              help="What users do, in TOML; else what a crawl finds, and its forms.")  # fmt: skip
@click.option("--rows", type=click.IntRange(1), default=100, show_default=True,
              help="Rows a model, at most, in the generic fill.")  # fmt: skip
@click.option("--keep", multiple=True, metavar="SETTING",
              help="A setting to be left as the project has it; may be given again.")  # fmt: skip
@click.option(
    "--at",
    "addresses",
    multiple=True,
    metavar="URL",
    help="A running replica; twice or more: the first is asked alone, then all.",
)
@json_option
def stateless(
    project: Path,
    replicas: int,
    told: Path | None,
    rows: int,
    keep: tuple[str, ...],
    addresses: tuple[str, ...],
    as_json: bool,
    **options: Any,
) -> int:
    """Prove that any replica of PROJECT may answer any request: users' journeys, spread and not.

    The same steps are walked on one process and over several, joined as `nuages up` joins them,
    each time on fresh scratch data. What differs is told by route.
    """
    from nuages.stateless.journeys import read

    journeys = read(told) if told else []
    notes: tuple[str, ...] = ()
    if addresses:
        proof = _over_http(journeys, addresses)
    else:
        proof, notes = _in_lab(project, options, journeys, rows, replicas, keep)
    if as_json:
        click.echo(json.dumps({**proof.to_json(), "notes": list(notes)}, indent=2))
    else:
        show(proof, notes, Console(file=sys.stdout, highlight=False))
    return 0 if proof.holds else FOUND


def _in_lab(
    project: Path, options: dict[str, Any], journeys: Sequence[Journey], rows: int, replicas: int,
    keep: Sequence[str],
) -> tuple[StatelessProof, tuple[str, ...]]:  # fmt: skip
    from nuages.lab import open_lab
    from nuages.progress import Progress
    from nuages.project import discover
    from nuages.stateless.laboratory import prove_in_lab

    found = discover(project, **flags(options))
    with open_lab(found, progress=Progress(), enforce=not options["unenclosed"]) as lab:
        shown = prove_in_lab(lab, rows=rows, replicas=replicas, keep=keep, journeys=journeys)
    return shown.proof, shown.notes


def _over_http(journeys: Sequence[Journey], addresses: Sequence[str]) -> StatelessProof:
    from nuages.stateless import prove
    from nuages.stateless.replicas import HttpReplica

    if len(addresses) < 2:
        raise NuagesError("--at takes two replicas or more", hint="--at URL --at URL",
                          slug="journeys")  # fmt: skip

    @contextmanager
    def start(count: int) -> Iterator[Sequence[HttpReplica]]:
        yield [HttpReplica(address) for address in addresses[:count]]

    return prove(journeys, start, replicas=len(addresses))


def show(proof: StatelessProof, notes: Sequence[str], console: Console) -> None:
    """Routes with their outcome, then each difference, then what it comes to."""
    from rich.markup import escape
    from rich.table import Table

    table = Table("route", "answers", f"one replica, or {proof.replicas}", "", box=None)
    for route in proof.routes:
        table.add_row(escape(route.route), str(route.answers), MARKS[route.outcome],
                      escape(route.reason))  # fmt: skip
    console.print(table)
    for name, found in _by_route(proof).items():
        first = found[0]
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        console.print(f"\n[red]{escape(name)}[/]: step {escape(first.step)} of {first.user}{more}")
        console.print(f"  {escape(first.excerpt or first.reason)}")
        if first.before:
            console.print(f"  after {escape(first.before)}")
    console.print()
    for note in notes:
        console.print(f"[dim]{escape(note)}[/]")
    same = sum(route.outcome == "same" for route in proof.routes)
    told = f"{same} of {len(proof.routes)} routes answered the same from any replica"
    refused = sum(route.outcome == "not comparable" for route in proof.routes)
    more = f", {refused} could not be compared" if refused else ""
    console.print(f"{told}{more}.")


def _by_route(proof: StatelessProof) -> dict[str, list[Difference]]:
    found: dict[str, list[Difference]] = {}
    for each in proof.differences:
        found.setdefault(each.route, []).append(each)
    return found
