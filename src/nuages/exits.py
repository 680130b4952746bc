"""How the command line ends: its exit codes, and every failure as one screen."""

from __future__ import annotations

import signal
import traceback
from collections.abc import Callable
from types import FrameType

import click
from rich.console import Console
from rich.markup import escape

from nuages.errors import NuagesError

FOUND, FAILED, STOPPED = 1, 2, 130
LINES = 25  # of an error's detail


def run(command: Callable[[], int]) -> int:
    """The command's exit code; 2 for a failure, 130 when it was stopped."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    try:
        return command()
    except NuagesError as error:
        show(error)
    except click.ClickException as error:
        error.show()
    except (KeyboardInterrupt, click.Abort):
        click.echo("Stopped: what was started has ended, and its scratch files are gone.", err=True)
        return STOPPED
    except Exception as error:  # a fault of nuages must not look like findings
        show(_own_fault(error))
    return FAILED


def show(error: NuagesError) -> None:
    """Print an error on stderr: what is wrong, its detail, the next command."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print(f"[bold red]nuages:[/] {escape(error.message)}")
    lines = error.detail.rstrip().splitlines()[-LINES:]
    if lines:
        console.print(escape("\n".join(f"  {line}" for line in lines)), style="dim")
    if error.hint:
        console.print(f"[bold]Next:[/] {escape(error.hint)}")


def _own_fault(error: Exception) -> NuagesError:
    return NuagesError(
        f"nuages itself failed: {type(error).__name__}: {error}",
        hint="Please report it with the lines above; --keep keeps the scratch folder to look at.",
        detail="".join(traceback.format_exception(error)),
        slug="internal",
    )


def _stop(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
