"""How a report writes numbers: thousands separated, two or three digits that mean something."""

from __future__ import annotations

import math

TIME_NOISE = 0.2  # one run's medians differ by as much from the next run's


def count(value: float) -> str:
    """A number of things: "3,120", or a mean below 20 with one decimal, "5.3"."""
    if not math.isfinite(value):
        return "–"
    if abs(value) >= 20 or abs(value - round(value)) < 0.05:
        return f"{round(value):,}"
    return f"{value:.1f}"


def plural(number: float, one: str, many: str = "") -> str:
    """ "1 query", "87 queries"."""
    word = one if count(number) == "1" else many or f"{one}s"
    return f"{count(number)} {word}"


def ms(value: float) -> str:
    """A time in milliseconds without its unit: "412", "41", "6.1", "0.42"."""
    if not math.isfinite(value):
        return "–"
    if abs(value) >= 9.95:
        return f"{round(value):,}"
    if abs(value) >= 0.995 or value == 0:
        return f"{value:.1f}".removesuffix(".0")
    return f"{value:.2f}"


def ms_with_unit(value: float) -> str:
    """A time in milliseconds with the unit that suits it: "412 ms", "12.3 s"."""
    return seconds(value / 1000) if abs(value) >= 10_000 else f"{ms(value)} ms"


def change_of_ms(before: float, after: float) -> str:
    """Two times in milliseconds: "41 → 6 ms", the unit said once where it is the same."""
    first, second = ms_with_unit(before), ms_with_unit(after)
    if first.endswith(" ms") and second.endswith(" ms"):
        first = first.removesuffix(" ms")
    return f"{first} → {second}"


def seconds(value: float) -> str:
    """A time in seconds: "0.4 s", "12 s", "3 min 20 s"."""
    if not math.isfinite(value):
        return "–"
    if abs(value) >= 119.5:
        minutes, rest = divmod(round(value), 60)
        return f"{minutes:,} min {rest} s" if rest else f"{minutes:,} min"
    return f"{value:.0f} s" if abs(value) >= 99.5 else f"{value:.1f} s"


def percent(share: float) -> str:
    """A share of 0..1: "34 %", and "<1 %" for what is little but not nothing."""
    if 0 < share < 0.01:
        return "<1 %"
    return f"{share:.0%}".replace("%", " %") if math.isfinite(share) else "–"


def share(part: float) -> str:
    """A share of 0..1 where small ones are compared: "34 %", "3.1 %", "<0.1 %"."""
    if not math.isfinite(part):
        return "–"
    if 0 < part < 0.0005:
        return "<0.1 %"
    return f"{100 * part:.0f} %" if part >= 0.0995 or part == 0 else f"{100 * part:.1f} %"


def times_less(before: float, after: float, *, noise: float = 0.05) -> str:
    """How many times less it became: "17×", "1.9×"; "" where that says nothing, or is noise."""
    if before <= 0 or not math.isfinite(before) or not math.isfinite(after):
        return ""
    if after <= 0:
        return "all"
    factor = before / after
    if 1 / (1 + noise) < factor < 1 + noise:
        return ""
    return f"{factor:,.0f}×" if factor >= 9.95 else f"{factor:.1f}×"


def bytes_with_unit(value: float) -> str:
    """A size: "812 B", "4.2 kB", "1.3 MB"; kilo is 1,000."""
    if not math.isfinite(value):
        return "–"
    size = abs(value)
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= factor * 0.9995:
            scaled = value / factor
            return f"{scaled:,.0f} {unit}" if abs(scaled) >= 9.95 else f"{scaled:.1f} {unit}"
    return f"{value:.0f} B"


def growth(value: float | None) -> str:
    """Bytes that were left behind: "+4.2 kB"; less than a kilobyte is noise."""
    if value is None:
        return "–"
    if abs(value) < 1_000:
        return "0"
    return f"{'+' if value > 0 else '−'}{bytes_with_unit(abs(value))}"
