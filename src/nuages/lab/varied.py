"""A second set of data: the same rows with values that the filled ones lack."""

from __future__ import annotations

from nuages.lab.running import VARIED, Lab

SEED = 1953  # fixed, so that two runs vary the same rows
SECONDS = 30.0
PATIENCE = 300.0  # seconds, after which it is taken for hung


def vary_databases(lab: Lab) -> None:
    """Make the template VARIED: the base databases, some of their values empty, hidden, negative
    or late. Once made it stays."""
    if lab.is_varied:
        return
    lab.branch(VARIED)
    with lab.session(mode=None, base=True, template=VARIED) as session:
        session.call("vary", seed=SEED, seconds=SECONDS, timeout=PATIENCE)
    lab.databases.analyze(lab.database_names(VARIED))
    lab.is_varied = True
