"""Distinct numbers in an order that looks random, without remembering any: Feistel networks."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.uint64]
ROUNDS = 4  # Luby and Rackoff, 1988: from four on neither direction tells it from chance
_GOLDEN = 0x9E3779B97F4A7C15
_MASK = (1 << 64) - 1


def mixed(numbers: npt.NDArray[np.generic], salt: int) -> Numbers:
    """A hash of each number, 64 bits (the finaliser of splitmix64)."""
    x = numbers.astype(np.uint64) + np.uint64((salt * _GOLDEN + _GOLDEN) & _MASK)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def below(numbers: npt.NDArray[np.generic], limit: int, salt: int) -> npt.NDArray[np.int64]:
    """A pseudo-random whole number below `limit` for each number; limits up to 2**31."""
    high = mixed(numbers, salt) >> np.uint64(32)
    return ((high * np.uint64(limit)) >> np.uint64(32)).astype(np.int64)


def fraction(numbers: npt.NDArray[np.generic], salt: int) -> npt.NDArray[np.float64]:
    """A pseudo-random number in [0, 1) for each number."""
    return (mixed(numbers, salt) >> np.uint64(11)).astype(np.float64) * 2.0**-53


class Permutation:
    """A bijection of range(size) onto itself, chosen by the salt; O(1) memory.

    A Feistel network over the next power of two, walked along its cycle until it is back in range
    (Black and Rogaway, 2002).
    """

    def __init__(self, size: int, salt: int) -> None:
        self.size = size
        bits = max(2, (size - 1).bit_length())
        self._right = bits // 2
        self._left = bits - self._right
        keys = mixed(np.arange(ROUNDS, dtype=np.uint64), salt ^ 0x5EED)
        self._keys = [int(key) for key in keys]

    def __call__(self, numbers: npt.NDArray[np.generic]) -> npt.NDArray[np.int64]:
        """Where each number goes."""
        return self._walked(numbers, self._forward)

    def inverse(self, numbers: npt.NDArray[np.generic]) -> npt.NDArray[np.int64]:
        """Which number came to be each of these."""
        return self._walked(numbers, self._backward)

    def _walked(self, numbers: npt.NDArray[np.generic], step: object) -> npt.NDArray[np.int64]:
        assert callable(step)
        x: Numbers = step(numbers.astype(np.uint64))
        outside = np.flatnonzero(x >= self.size)
        while len(outside):
            x[outside] = step(x[outside])
            outside = outside[x[outside] >= self.size]
        return x.astype(np.int64)

    def _forward(self, x: Numbers) -> Numbers:
        left, right = x >> np.uint64(self._right), x & _ones(self._right)
        for number, key in enumerate(self._keys):
            if number % 2 == 0:
                left = left ^ _round(right, key, self._left)
            else:
                right = right ^ _round(left, key, self._right)
        return (left << np.uint64(self._right)) | right

    def _backward(self, x: Numbers) -> Numbers:
        left, right = x >> np.uint64(self._right), x & _ones(self._right)
        for number, key in reversed(list(enumerate(self._keys))):
            if number % 2 == 0:
                left = left ^ _round(right, key, self._left)
            else:
                right = right ^ _round(left, key, self._right)
        return (left << np.uint64(self._right)) | right


def _round(half: Numbers, key: int, bits: int) -> Numbers:
    """The top bits of a keyed product: the halves have 31 bits at most."""
    x = (half + np.uint64(key)) * np.uint64(0xD6E8FEB86659FD93)
    x = (x ^ (x >> np.uint64(32))) * np.uint64(_GOLDEN)
    return x >> np.uint64(64 - bits)


def _ones(bits: int) -> np.uint64:
    return np.uint64((1 << bits) - 1)
