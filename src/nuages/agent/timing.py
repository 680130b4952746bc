"""The cost of requests, sent again and again without a recorder: nothing but figures goes back."""

from __future__ import annotations

import gc
from typing import Any

from nuages.agent.actors import Actors
from nuages.agent.requests import Requests


def timed(
    requests: Requests, actors: Actors, wanted: list[dict[str, Any]], seconds: float = 30.0
) -> dict[str, list[int]]:
    """Send each once, in order: nanoseconds of CPU and of wall time, and the status.

    What was there after the first of all rounds, the site's code above all, is no work for the
    collector any more, as in a server that was forked from a loaded one.
    """
    if not gc.get_freeze_count():
        gc.collect()
        gc.freeze()
    figures: dict[str, list[int]] = {"cpu_ns": [], "wall_ns": [], "status": []}
    for each in wanted:
        sending = dict(each)
        path, actor = sending.pop("path"), actors.get(sending.pop("actor"))
        answer = requests.send(actor, path, timeout=seconds, **sending)
        for name, values in figures.items():
            values.append(answer[name])
    return figures
