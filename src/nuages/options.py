"""Options that several commands of the command line take."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

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
input_option = click.option(
    "-i",
    "--input",
    "source",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The recording. [default: .nuages/recording.sqlite in the project]",
)
output_option = click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The recording. [default: .nuages/recording.sqlite in the project]",
)
