"""A driven site on more data: the same requests on databases that were filled further."""

from __future__ import annotations

from dataclasses import dataclass, field

from nuages.doors.driven import DrivenDoor
from nuages.growth import TIMES, compare
from nuages.lab import Lab
from nuages.model import Growth, Recording
from nuages.populate import grow_databases, is_generic


@dataclass(frozen=True, kw_only=True)
class SeenGrown:
    """What was seen on more data; without it, why not."""

    growth: Growth = field(default_factory=Growth)
    recording: Recording | None = None
    note: str = ""


def see_grown(lab: Lab, door: DrivenDoor, recording: Recording, *, rows: int) -> SeenGrown:
    """Replay on TIMES as many rows, and compare with a recording; any fault is only a note."""
    if not is_generic(lab.project):
        return SeenGrown(
            note="growth was not measured: how much data there is, a command or fixture decides"
        )
    try:
        grow_databases(lab, rows=rows, times=TIMES)
        grown = door.record_grown()
    except Exception as error:  # the run is of use without, whatever broke
        return SeenGrown(note=f"growth was not measured: {' '.join(str(error).split())[:200]}")
    growth = compare(recording, grown, rows=rows, grown_rows=rows * TIMES)
    return SeenGrown(growth=growth, recording=grown)
