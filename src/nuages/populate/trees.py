"""Where a node of a tree is, by its number: a forest of small trees that are all alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from nuages.populate.columns import Chunk, Generator, Values
from nuages.populate.keys import Space
from nuages.populate.made import Ints, Numbers, Texts, objects

CHILDREN = 5  # of a root, and of each of its children
SIZE = 1 + CHILDREN + CHILDREN * CHILDREN


@dataclass(frozen=True)
class Forest:
    """Trees of 31 nodes, root first, then its children, then theirs.

    The last tree may be cut short: its counts are of what is there.
    """

    rows: int
    first_root: int  # trees that are there already

    @cached_property
    def _levels(self) -> Ints:
        return np.array([0] + [1] * CHILDREN + [2] * CHILDREN**2, dtype=np.int64)

    def tree(self, chunk: Chunk) -> Ints:
        return chunk.rows // SIZE

    def place(self, chunk: Chunk) -> Ints:
        return chunk.rows % SIZE

    def level(self, chunk: Chunk) -> Ints:
        return self._levels[self.place(chunk)]

    def parent(self, chunk: Chunk) -> Ints:
        """Row of the parent; -1 for a root."""
        place = self.place(chunk)
        above = np.where(place <= CHILDREN, 0, 1 + (place - 1 - CHILDREN) // CHILDREN)
        return np.where(place == 0, -1, self.tree(chunk) * SIZE + above)

    def children(self, chunk: Chunk) -> Ints:
        place, size = self.place(chunk), self._size(chunk)
        first = np.where(place == 0, 1, 1 + CHILDREN + (place - 1) * CHILDREN)
        there = np.clip(size - first, 0, CHILDREN)
        return np.where(place > CHILDREN, 0, there)

    def below(self, chunk: Chunk) -> Ints:
        """How many descendants a node has."""
        place, size = self.place(chunk), self._size(chunk)
        own = self.children(chunk)
        return np.where(place == 0, size - 1, own)

    def left(self, chunk: Chunk) -> Ints:
        """1 for the root, then depth first (Celko's nested sets)."""
        place, size = self.place(chunk), self._size(chunk)
        second = np.clip(place - 1, 0, None)
        branch = np.where(place <= CHILDREN, second, (place - 1 - CHILDREN) // CHILDREN)
        grand = np.clip(size - 1 - CHILDREN, 0, None)
        before = np.minimum(branch * CHILDREN, grand)  # grandchildren of earlier branches
        start = 2 + 2 * (branch + before)
        inside = (place - 1 - CHILDREN) % CHILDREN
        left = np.where(place <= CHILDREN, start, start + 1 + 2 * inside)
        return np.where(place == 0, 1, left)

    def path(self, chunk: Chunk, alphabet: str, step: int) -> list[bytes]:
        """Materialised paths: so many digits a level, counted from one."""
        base, digits = len(alphabet), alphabet.encode()

        def spelled(number: int) -> bytes:
            text = b""
            for _ in range(step):
                number, digit = divmod(number, base)
                text = digits[digit : digit + 1] + text
            return text

        steps = [spelled(number) for number in range(CHILDREN + 1)]
        found = []
        for tree, place in zip(self.tree(chunk).tolist(), self.place(chunk).tolist(), strict=True):
            text = spelled(self.first_root + tree + 1)
            if 0 < place <= CHILDREN:
                text += steps[place]
            elif place:
                branch, leaf = divmod(place - 1 - CHILDREN, CHILDREN)
                text += steps[branch + 1] + steps[leaf + 1]
            found.append(text)
        return found

    def _size(self, chunk: Chunk) -> Ints:
        return np.minimum(self.rows - self.tree(chunk) * SIZE, SIZE)


def generators(
    tree: Mapping[str, Any], forest: Forest, own: Space, first: int
) -> dict[str, Generator]:
    """What makes the columns of a tree's library; `first` is the first new row's key's index."""

    def numbers(make: Any) -> Generator:
        def generate(chunk: Chunk) -> Values:
            return Numbers(make(chunk)), None

        return generate

    if tree["kind"] == "path":
        alphabet, step = str(tree["alphabet"]), int(tree["step"])
        return {
            tree["path"]: lambda chunk: (
                Texts(objects(forest.path(chunk, alphabet, step))), None),
            tree["depth"]: numbers(lambda chunk: forest.level(chunk) + 1),
            tree["children"]: numbers(forest.children),
        }  # fmt: skip
    base = int(tree["base"])
    found: dict[str, Generator] = {
        tree["left"]: numbers(forest.left),
        tree["right"]: numbers(lambda chunk: forest.left(chunk) + 2 * forest.below(chunk) + 1),
        tree["tree"]: numbers(lambda chunk: forest.tree(chunk) + forest.first_root + 1),
        tree["depth"]: numbers(lambda chunk: forest.level(chunk) + base),
    }
    if "parent" in tree:

        def parent(chunk: Chunk) -> Values:
            above = forest.parent(chunk)
            return own.made(np.maximum(above, 0) + first), above < 0

        found[tree["parent"]] = parent
    return found
