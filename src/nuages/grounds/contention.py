"""What a busy machine added to the times of a recording, which is nobody's fault in the project."""

from __future__ import annotations

from nuages.model import Recording
from nuages.origins import is_work


def own_share(recording: Recording) -> float:
    """The share of the time, 0..1, in which work did not wait for a processor; 1 if unknown.

    Measured of the project's processes; a database on the same machine waits as long.
    """
    counters = [stats.counters for stats in recording.scopes if is_work(stats.scope)]
    wall_ns = sum(each.get("split_wall_ns", 0) for each in counters)
    queued_ns = sum(each.get("split_queued_ns", 0) for each in counters)
    return 1 - min(queued_ns / wall_ns, 1.0) if wall_ns else 1.0
