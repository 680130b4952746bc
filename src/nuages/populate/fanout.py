"""How many children each parent gets: a few get very many, most a few, some none."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from nuages.populate.permutation import Permutation, below, fraction, mixed

Ints = npt.NDArray[np.int64]
MOST = 20_000  # children of one parent: unbounded Zipf gives one parent everything
MOST_SHARE = 0.01  # of all children
TIMES_MEAN = 20  # what the busiest parent may have at least, in means


class Skew:
    """Shares of ranks that fall as (rank + offset) ** -3/4, capped: Zipf–Mandelbrot.

    The exponent 3/4 makes the inverse of the cumulated share a fourth power, which needs no
    logarithm; the offset is the least that keeps the first rank below the cap.
    """

    def __init__(
        self,
        children: int,
        parents: int,
        most: float | None = None,
        *,
        times_mean: float | None = None,
    ) -> None:
        """The cap is `times_mean` means where that is told; it never exceeds `most`."""
        self.children, self.parents = children, parents
        mean = children / parents
        usual = (
            times_mean * mean
            if times_mean
            else max(TIMES_MEAN * mean, 5.0, min(MOST, MOST_SHARE * children))
        )
        self.most = max(min(usual, most or usual), mean)
        self._offset = self._least_offset()
        self._low = self._offset**0.25
        self._span = (parents + self._offset) ** 0.25 - self._low

    def _least_offset(self) -> float:
        low, high = 1e-9, 1e12
        for _ in range(80):
            middle = (low * high) ** 0.5
            span = (self.parents + middle) ** 0.25 - middle**0.25
            first = ((1 + middle) ** 0.25 - middle**0.25) / span if span > 0 else 0.0
            low, high = (low, middle) if first * self.children <= self.most else (middle, high)
        return high if high < 1e9 * self.parents else 1e9 * self.parents

    def rank(self, shares: npt.NDArray[np.float64]) -> Ints:
        """The rank at each cumulated share in [0, 1)."""
        root = shares * self._span + self._low
        square = root * root
        ranks = (square * square - self._offset).astype(np.int64)
        clipped: Ints = np.clip(ranks, 0, self.parents - 1)
        return clipped

    def before(self, ranks: Ints) -> Ints:
        """How many children all ranks before each have together."""
        share = (np.sqrt(np.sqrt(ranks + self._offset)) - self._low) / self._span
        found: Ints = np.floor(share * self.children).astype(np.int64)
        found[ranks >= self.parents] = self.children
        found[ranks <= 0] = 0
        return found


def drawn(numbers: Ints, skew: Skew, salt: int) -> Ints:
    """A parent for each row, by itself: its rank, mixed so that busy parents lie anywhere."""
    return Permutation(skew.parents, salt)(skew.rank(fraction(numbers, salt + 1)))


class Dealt:
    """Rows dealt to parents such that each row knows its place among its parent's."""

    def __init__(self, children: int, parents: int, salt: int, most: int | None = None) -> None:
        """`most` is the number of children that no parent may exceed; ValueError if it must."""
        if most is not None and children > most * parents:
            raise ValueError(f"{children} rows among {parents} parents that take {most} each")
        # Rounding may give a parent one more than its share.
        self._even = most is not None and (most < 3 or children > 0.5 * most * parents)
        self._skew = Skew(children, parents, None if most is None else most - 1)
        self.most = most if self._even and most else int(self._skew.most) + 2
        self._order = Permutation(children, salt)
        self._mixed = Permutation(parents, salt + 1)
        self._salt = salt

    def __call__(self, rows: Ints) -> tuple[Ints, Ints]:
        """(parent, place among its children) of each row in range(children)."""
        position = self._order(rows)
        if self._even:
            parents = self._skew.parents
            return self._mixed(position % parents), position // parents
        ranks = self._skew.rank((position + 0.5) / self._skew.children)
        for _ in range(64):
            ahead = self._skew.before(ranks) > position
            behind = self._skew.before(ranks + 1) <= position
            if not (ahead.any() or behind.any()):
                break
            ranks = ranks - ahead + behind
        return self._mixed(ranks), position - self._skew.before(ranks)


TIERS = ((0.002, 1), (0.02, 3), (1.0, 16))  # share of the others in the tier, rows out of 20
_TURN = sum(share for _, share in TIERS)


def strided(parents: Ints, places: Ints, others: int, salt: int) -> Ints:
    """One of `others` for each (parent, place): never the same twice for a parent.

    Places below `others` only. Every parent walks through them by a step of its own that has no
    common divisor with their number.
    """
    step = _coprime_steps(others, salt)
    start = below(parents, others, salt) if others < 2**31 else parents % others
    stride = step[below(parents, len(step), salt + 1)]
    return (start + places * stride) % others


def strided_skewed(parents: Ints, places: Ints, others: int, salt: int, most: int) -> Ints:
    """The same with some of the others favoured by all: tiers, of which each parent takes turns.

    `most` is more than every place; even shares where a tier is too small for so many.
    """
    tiers = _tiers(others, most)
    if len(tiers) == 1:
        return Permutation(others, salt + 7)(strided(parents, places, others, salt))
    turn, rest = places // _TURN, places % _TURN
    found = np.empty(len(places), dtype=np.int64)
    first = 0
    start = 0
    for size, share in tiers:
        inside = (rest >= first) & (rest < first + share)
        index = turn[inside] * share + rest[inside] - first
        found[inside] = start + strided(parents[inside], index, size, salt + size)
        first, start = first + share, start + size
    return Permutation(others, salt + 7)(found)


def _tiers(others: int, most: int) -> list[tuple[int, int]]:
    """(size, rows of a turn) of each tier, as large as `most` rows of a parent want them.

    One alone where the favoured ones would then be more than a quarter.
    """
    turns = most // _TURN + 1
    sizes, before = [], 0
    for share, rows in TIERS[:-1]:
        size = max(int(others * share) - before, rows * turns, 8)
        sizes.append((size, rows))
        before += size
    rest = others - before
    if before > others // 4 or rest < TIERS[-1][1] * turns:
        return [(others, _TURN)]
    return [*sizes, (rest, TIERS[-1][1])]


def _coprime_steps(size: int, salt: int, count: int = 64) -> Ints:
    tried = 1 + mixed(np.arange(count * 8, dtype=np.uint64), salt) % np.uint64(max(size, 1))
    good = tried[np.gcd(tried, np.uint64(size)) == 1][:count]
    return good.astype(np.int64) if len(good) else np.ones(1, dtype=np.int64)
