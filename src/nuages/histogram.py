"""What a histogram of durations says: its buckets are [2**i, 2**(i+1)) microseconds."""

from __future__ import annotations

from collections.abc import Sequence


def percentile_ms(histogram: Sequence[int], share: float, max_ns: int | None = None) -> float:
    """A percentile in milliseconds, linear within its bucket; of nothing, the maximum or 0.

    Never more than the maximum, where that was kept; of a few, it is the maximum itself.
    """
    most = float("inf") if max_ns is None else max_ns / 1e6
    total, seen = sum(histogram), 0
    rank = round(share * total, 6)  # 0.8 * 5 may be more than 4
    if max_ns is not None and rank > total - 1:
        return most
    for bucket, count in enumerate(histogram):
        if count and seen + count >= rank:
            low = 2.0**bucket / 1e3
            return min(low + low * (rank - seen) / count, most)
        seen += count
    return 0.0 if max_ns is None else most
