"""Histograms of durations with a bucket per power of two of microseconds."""

from __future__ import annotations

BUCKETS = 32  # the last one starts at 2**31 µs, 36 minutes


def bucket(nanoseconds: int) -> int:
    """Index of [2**i, 2**(i+1)) µs; what is shorter than 1 µs is in the first."""
    bits = (nanoseconds // 1000).bit_length()
    return bits - 1 if 0 < bits <= BUCKETS else BUCKETS - 1 if bits else 0


def trimmed(counts: list[int]) -> list[int]:
    """Without the empty buckets at the end."""
    end = len(counts)
    while end and not counts[end - 1]:
        end -= 1
    return counts[:end]
