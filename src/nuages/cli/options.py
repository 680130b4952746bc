"""Options that several commands of the command line take."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.console import Console

from nuages.errors import NuagesError


class Count(click.ParamType[Any]):
    """A number that may be written 1_000_000."""

    name = "N"

    def convert(self, value: Any, param: Any, ctx: Any) -> int:
        """The number, 1 at least."""
        try:
            number = int(value)
        except ValueError:
            number = 0
        if number < 1:
            self.fail(f"{value!r} is not a number of 1 or more", param, ctx)
        return number


F = TypeVar("F", bound=Callable[..., Any])


def project_options(command: F) -> F:
    """Add what every command that looks at a project takes."""
    for option in reversed(
        (
            click.option("--settings", help="Settings module, such as shop.settings.local."),
            click.option("--python", help="The project's interpreter, or a command that runs it."),
            click.option("--env", "environment", multiple=True, metavar="NAME=VALUE",
                         help="Environment variable for the project; may be given again."),
        )
    ):  # fmt: skip
        command = option(command)
    return command


json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout.")
unenclosed_option = click.option(
    "--unenclosed", is_flag=True,
    help="Run without the operating system's enclosure, watched by an audit hook only.",
)  # fmt: skip
apply_option = click.option(
    "--apply", is_flag=True, help="Write the verified fixes into the project's tree."
)
commit_option = click.option(
    "--commit",
    is_flag=True,
    help="Commit each verified fix to a new branch, nuages/fixes; the tree stays as it is.",
)
patch_option = click.option(
    "--patch",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write all verified fixes to a file, for git apply.",
)
input_option = click.option(
    "-i",
    "--input",
    "source",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The recording. [default: .nuages/recording.sqlite in the project]",
)


def catalog_options(command: F) -> F:
    """Add what lets the project's own databases be read."""
    for option in reversed(
        (
            click.option("--catalog", is_flag=True,
                         help="Read, and only read, the tables and indexes of the project's own"
                         " databases."),
            click.option("--hypopg", is_flag=True,
                         help="Ask their planner about missing indexes, too, by the extension"
                         " hypopg; builds none."),
        )
    ):  # fmt: skip
        command = option(command)
    return command


def report_options(command: F) -> F:
    """Add what every command takes that reports findings; read into report.delivery.Asked."""
    file = click.Path(path_type=Path, dir_okay=False)
    for option in reversed(
        (
            click.option("--rule", "rules", multiple=True, metavar="ID",
                         help="Only the findings of this rule; may be given again."),
            click.option("--limit", type=click.IntRange(1), help="Show so many findings at most."),
            click.option("--baseline", type=file,
                         help="Findings that are known. [default: .nuages-baseline.json in the"
                         " project, where it exists]"),
            click.option("--write-baseline", is_flag=True,
                         help="Write what is found now into the baseline: it is known from now"
                         " on."),
            click.option("--html", type=file, help="Write a page for a browser: one file."),
            click.option("--sarif", type=file, help="Write SARIF 2.1.0, for code scanning."),
            click.option("--github", is_flag=True,
                         help="Print GitHub's workflow commands too: annotations of the lines."),
            json_option,
        )
    ):  # fmt: skip
        command = option(command)
    return command


output_option = click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The recording. [default: .nuages/recording.sqlite in the project]",
)


def stdout() -> Console:
    """For results: as wide as the terminal, and wide enough for tables in a file or a pipe."""
    return Console(file=sys.stdout, width=None if sys.stdout.isatty() else 120)


def flags(options: dict[str, Any]) -> dict[str, Any]:
    """What the user said, by the keys of the configuration."""
    pairs = dict(_pair(text) for text in options["environment"])
    return {
        "settings": options["settings"],
        "python": options["python"],
        "record": options.get("record"),
        "tests": options.get("tests"),
        "cache_seconds": options.get("cache_seconds"),
        "data_command": options.get("data_command"),
        "fixtures": [_from_here(name) for name in options.get("fixtures") or ()] or None,
        "environment": pairs or None,
    }


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise NuagesError(
            f"--env takes NAME=VALUE, found {text!r}.",
            hint=f"Give a value: --env {name or 'NAME'}=…",
            slug="configuration",
        )
    return name, value


def _from_here(name: str) -> str:
    """A file as the shell that typed it means it; else the name of a fixture of the project."""
    return str(Path(name).resolve()) if Path(name).is_file() else name


def _all(*added: Callable[[F], F]) -> Callable[[F], F]:
    def add(command: F) -> F:
        for option in reversed(added):
            command = option(command)
        return command

    return add


FILE = click.Path(path_type=Path, dir_okay=False)
rows_option = click.option(
    "--rows", type=click.IntRange(1), default=300, show_default=True,
    help="Rows a model that the generic fill makes.",
)  # fmt: skip
users_option = click.option(
    "--users", type=Count(),
    help="Fill with the volume that so many users make, as `nuages populate` does.",
)  # fmt: skip
traffic_option = click.option(
    "--traffic", "traffic_file", type=FILE,
    help="What is asked for. [default: .nuages/traffic.yaml, else the site is crawled]",
)  # fmt: skip
server_options = _all(
    click.option("--workers", type=click.IntRange(1), default=2, show_default=True,
                 help="Server processes, where a project is served."),
    click.option("--threads", type=click.IntRange(1), default=4, show_default=True,
                 help="Threads of each."),
)  # fmt: skip
