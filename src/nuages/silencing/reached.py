"""What code a recording reached: only there can an ignore be called stale."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from nuages.model import Location, Recording
from nuages.silencing.entries import Entry, matches
from nuages.silencing.files import plain


class Reached:
    """The places that a deep recording names; a light one lacks what half of the rules need."""

    def __init__(self, recording: Recording) -> None:
        self.is_known = bool(recording.scopes) and recording.mode == "deep"
        self._scopes = {stats.scope.name for stats in recording.scopes}
        self.functions: dict[tuple[str, str], set[str]] = defaultdict(set)  # of (root, file)
        for place in _places(recording) if self.is_known else ():
            self.functions[place.root, place.file].add(plain(place.function))

    def function(self, root: str, file: str, name: str) -> bool:
        """Whether a function or class of a file was reached, or something inside of it."""
        return any(
            name == seen or (bool(name) and seen.startswith(f"{name}."))
            for seen in self.functions.get((root, file), ())
        )

    def function_anywhere(self, file: str, name: str) -> bool:
        """The same for a file of any source root."""
        return any(self.function(root, f, name) for root, f in self.functions if f == file)

    def target(self, entry: Entry) -> bool:
        """Whether anything was reached that an entry of the configuration may speak of."""
        if not entry.target:
            return self.is_known
        names = self._scopes | {file for _, file in self.functions}
        return self.is_known and any(matches(name, entry.target) for name in names)


def _places(recording: Recording) -> Iterator[Location]:
    for group in recording.groups:
        yield from filter(None, (group.location, group.created_at, group.trigger))
    for call in recording.calls:
        if call.location is not None:
            yield call.location
