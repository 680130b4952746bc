"""What the project's code runs in: it sees its own files and databases, and nothing else."""

from nuages.enclosure.environment import environment, variables_named_in
from nuages.enclosure.launch import Enclosure, Process, Tree, start, visible_roots
from nuages.enclosure.ledger import ledger
from nuages.enclosure.support import Support, support

__all__ = [
    "Enclosure",
    "Process",
    "Support",
    "Tree",
    "environment",
    "ledger",
    "start",
    "support",
    "variables_named_in",
    "visible_roots",
]
