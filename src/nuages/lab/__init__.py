"""The lab: one project, its scratch databases, and the enclosure that everything of it runs in."""

from nuages.lab.opening import open_lab
from nuages.lab.running import BASE, COMMAND_SECONDS, GROWN, VARIED, CommandRun, Lab, Mode
from nuages.lab.varied import vary_databases

__all__ = [
    "BASE",
    "COMMAND_SECONDS",
    "GROWN",
    "VARIED",
    "CommandRun",
    "Lab",
    "Mode",
    "open_lab",
    "vary_databases",
]
