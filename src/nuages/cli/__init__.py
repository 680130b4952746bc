"""The command line: the loop, one verb a command, their groups one module each."""

from __future__ import annotations

import gc
import sys

import click

from nuages import __version__
from nuages.cli import about, check, diagnose, load, populate, prove, record, stack, stateless, tune
from nuages.exits import run

COMMANDS = (
    check.check, tune.tune, populate.populate, record.record, record.collect, load.traffic,
    load.load, diagnose.diagnose, diagnose.fix, prove.prove, stateless.stateless, stack.topology,
    stack.up, stack.ps, stack.top, stack.scale, stack.restart, stack.manage, stack.logs,
    stack.down, about.rules, about.explain, about.enclosure,
)  # fmt: skip


class Loop(click.Group):
    """Lists the commands in the order of the loop."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order in which they are used."""
        return list(self.commands)


@click.group(cls=Loop, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="nuages")
def cli() -> None:
    """Takes a Django project from one process to millions of users, by measurement.

    The loop: record → diagnose → fix → prove, on a scratch database and a scratch copy; `tune`
    runs it all. Results go to stdout, progress to stderr. Exit codes: 0 nothing to report,
    1 findings, 2 nuages or the project failed.
    """


for command in COMMANDS:
    cli.add_command(command)


def main() -> None:
    """Entry point of the `nuages` command."""
    code = run(lambda: cli.main(standalone_mode=False) or 0)
    gc.freeze()  # to look for cycles in what ends anyway takes a quarter of `check`
    sys.exit(code)
