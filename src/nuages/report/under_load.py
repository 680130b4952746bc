"""What a report says of a site under load: how much it holds, how fast, what gives out first."""

from __future__ import annotations

from collections.abc import Iterator

from nuages.model import LoadedVersion, UnderLoad
from nuages.report.figures import change_of_ms, count, ms_with_unit, percent, times_less


def knees(load: UnderLoad) -> str:
    """ "41 → 388 requests/s within p95 ≤ 100 ms"."""
    before, after = load.before, load.after
    held = knee(before) if after is None else f"{knee(before)} → {knee(after)}"
    return f"{held} requests/s within p95 ≤ {load.p95_budget_ms:g} ms"


def knee(version: LoadedVersion) -> str:
    """The most requests a second that held the budget."""
    return "under 2" if version.knee is None else count(version.knee)


def latencies(load: UnderLoad) -> str:
    """ "at 20 requests/s p95 412 → 38 ms"; "" where nothing was measured at one rate."""
    if not load.rate:
        return ""
    before, after = load.before.p95_ms, load.after.p95_ms if load.after else None
    shown = ms_with_unit(before) if after is None else change_of_ms(before, after)
    return f"at {count(load.rate)} requests/s p95 {shown}"


def lines(load: UnderLoad) -> Iterator[str]:
    """What stands behind the sentence."""
    if load.after is not None and load.before.knee and load.after.knee:
        factor = times_less(load.after.knee, load.before.knee)
        if factor:
            yield f"The site holds {factor} as many requests a second."
    if load.cpu_ratio is not None:
        ratio, low, high = load.cpu_ratio
        yield f"CPU per request × {ratio:.2f} ({low:.2f} to {high:.2f})."
    for version, name in ((load.before, "As it stands"), (load.after, "With the fixes")):
        if version is not None and version.first:
            yield f"{name}, what gives out first is {version.first}."
        if version is not None and version.error_share > 0:
            yield f"{name}, {percent(version.error_share)} of the requests failed."
    if load.verdict in ("worse", "different answers"):
        yield f"Verdict: {load.verdict}. {'; '.join(load.reasons)}"
    yield from load.notes
