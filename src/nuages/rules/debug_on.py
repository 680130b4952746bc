"""DEBUG left on where a site is run."""

from __future__ import annotations

from collections.abc import Iterator

from nuages.cases import Case
from nuages.grounds.debug_mode import debug_mode
from nuages.model import Evidence, Finding, Fix, Remedy

ID = "debug-on"

HINT = 'write DEBUG = os.environ.get("DJANGO_DEBUG") == "1", and set the variable where you develop'


def find(case: Case) -> Iterator[Finding]:
    """At most one, about the settings that the project is run with."""
    mode = debug_mode(case)
    if mode is None:
        return
    requests = [stats for stats in case.recording.scopes if stats.scope.kind == "request"]
    served = sum(stats.executions for stats in requests) if mode.served else 0
    yield Finding(
        rule=ID,
        message=f"DEBUG is on {mode.where}: every query is kept in memory with "
        "its SQL, and errors show settings and code",
        hint=HINT,
        location=mode.location,
        evidence=Evidence(
            requests=served,
            figures={"server": mode.served} if mode.served else {},
        ),
        confidence=mode.confidence,
        remedy=Remedy(kind="setting", path="DEBUG"),
        routes=tuple(sorted(stats.scope.name for stats in requests)) if mode.served else (),
        fix=Fix(status="none", reason="how the project tells its machines apart is not known"),
        concern="hazard",
    )
