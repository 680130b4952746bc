"""The geometry of bars: parts of a whole, and the buckets of a histogram, in per cent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nuages.report.figures import ms

LEAST = 0.05  # per cent; less is not drawn


@dataclass(frozen=True, slots=True)
class Bar:
    """One rectangle along a line, in per cent of the line's length."""

    kind: str  # its class
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Bucket:
    """One line of a histogram."""

    name: str  # "1 to 2 ms"
    number: int
    width: float  # per cent of the fullest bucket's


def stacked(parts: Iterable[tuple[str, float]], whole: float = 1.0) -> list[Bar]:
    """Parts side by side: (kind, size) of a whole; what goes beyond the whole is cut."""
    bars, x = [], 0.0
    for kind, size in parts:
        width = min(100 * size / whole, 100 - x) if whole > 0 else 0.0
        if width >= LEAST:
            bars.append(bar(kind, x, width))
            x += width
    return bars


def bar(kind: str, x: float, width: float) -> Bar:
    """A bar that stays within its line."""
    x = min(max(x, 0.0), 100.0)
    return Bar(kind, round(x, 2), round(max(0.0, min(width, 100 - x)), 2))


def buckets(histogram: Sequence[int]) -> list[Bucket]:
    """The lines of a histogram from its first bucket that holds anything to its last."""
    held = [i for i, number in enumerate(histogram) if number > 0]
    if not held:
        return []
    most = max(histogram)
    return [
        Bucket(_bucket_name(i), histogram[i], round(100 * max(histogram[i], 0) / most, 1))
        for i in range(held[0], held[-1] + 1)
    ]


def _bucket_name(index: int) -> str:
    """Buckets begin at powers of two of a microsecond, see model.ScopeStats."""
    if index == 0:
        return "under 2 µs"
    if index < 9:
        return f"{2**index} to {2 ** (index + 1)} µs"
    low, high = 2**index / 1e3, 2 ** (index + 1) / 1e3
    if low >= 1e3:
        return f"{ms(low / 1e3)} to {ms(high / 1e3)} s"
    return f"{ms(low)} to {ms(high)} ms"
