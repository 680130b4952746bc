"""Where the project's code gives a setting its value, told by reading the settings module."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from nuages.cases import Case
from nuages.code import Module
from nuages.grounds.definitions import module_of
from nuages.grounds.settings_code.reading import Assignment, Reader
from nuages.grounds.settings_code.values import Key, Spot, inside
from nuages.model import Location

# Words of a settings module's name that say that no site is run with it.
DEVELOPMENT = frozenset({
    "ci", "debug", "demo", "dev", "devel", "develop", "development", "e2e", "example", "local",
    "localhost", "locals", "sandbox", "test", "testing", "tests", "unittest",
})  # fmt: skip
_SETTINGS = re.compile(r"^(INSTALLED_APPS|ROOT_URLCONF)\s*[+:=]", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a setting gets its value, or the innermost part that is written there."""

    assignment: Assignment
    spot: Spot
    is_whole: bool  # whether all of the keys that were asked for are written there

    @property
    def location(self) -> Location:
        """From the key to the end of its value; the statement, where it has no keys."""
        module = self.spot.module
        first = module.location(self.spot.first)
        last = module.location(self.spot.last)
        return replace(first, end_line=last.end_line, end_column=last.end_column)


def locate(case: Case, *path: Key, entry: Module | None = None) -> Location | None:
    """Where a setting, or an entry of it, is given: locate(case, "CACHES", "default", "TIMEOUT").

    An entry of a list is named by its text or its number. Where an entry isn't written, the
    innermost one around it that is; None where nothing of the setting is. `entry` is another
    settings module than that of the process.
    """
    place = find(case, *path, entry=entry)
    return place.location if place else None


def find(case: Case, *path: Key, entry: Module | None = None) -> Place | None:
    """As locate(), with the expression of the value and what it depends on."""
    name, *keys = path
    given = assignments(case, str(name), entry=entry)
    found = list(_places(given, tuple(keys)))
    if not found:
        return None
    is_own = entry is None or entry is settings_module(case)
    told = _told(case, path) if is_own else None
    # Of places that say as much, the last; but neither one that wasn't run nor one for tests.
    return max(
        enumerate(found),
        key=lambda item: (
            not _contradicts(item[1], told),
            _depth(item[1]),
            not item[1].assignment.adds,
            not _is_for_tests(item[1].assignment),
            item[0],
        ),
    )[1]


def is_development(case: Case) -> bool:
    """Whether the settings module, by its name, is one for development or tests."""
    entry = settings_module(case)
    name = case.facts.settings_module or (entry.file.removesuffix(".py") if entry else "")
    return bool(DEVELOPMENT.intersection(re.split(r"[^a-z0-9]+", name.lower())))


def settings_module(case: Case) -> Module | None:
    """The file of the settings; where nothing names it, the only one that looks like it."""
    name = case.facts.settings_module or case.recording.meta.get("settings", "")
    if name:
        return module_of(case.code, name)
    likely = [m for m in case.code.matching(_SETTINGS) if len(set(_SETTINGS.findall(m.text))) > 1]
    return likely[0] if len(likely) == 1 else None


def settings_modules(case: Case, *, entry: Module | None = None) -> list[Module]:
    """The settings module and those that it takes settings from, as they come to be executed."""
    entry = entry or settings_module(case)
    found: dict[str, Module] = {}
    if entry:
        Reader(case.code).follow(entry, found)
    return list(found.values())


def assignments(case: Case, name: str, *, entry: Module | None = None) -> list[Assignment]:
    """All statements that give a setting a value, in the order in which they are executed."""
    entry = entry or settings_module(case)
    return list(Reader(case.code, name).read(entry)) if entry else []


def _places(given: list[Assignment], keys: tuple[Key, ...]) -> Iterator[Place]:
    if any(not assignment.in_class for assignment in given):
        given = [assignment for assignment in given if not assignment.in_class]
    for assignment in _since_the_last_whole(given):
        known = len(assignment.keys)
        if assignment.keys != keys[:known]:
            continue
        spot = inside(assignment.module, assignment.value, keys[known:])
        if spot.depth == 0:
            whole = assignment.node
            spot = replace(spot, module=assignment.module, first=whole, last=whole)
        yield Place(assignment=assignment, spot=spot, is_whole=known + spot.depth == len(keys))


def _since_the_last_whole(given: list[Assignment]) -> list[Assignment]:
    """Without what a later statement surely replaces."""
    for index in range(len(given) - 1, -1, -1):
        each = given[index]
        if not (each.keys or each.adds or each.conditions or each.in_class):
            return given[index:]
    return given


def _depth(place: Place) -> int:
    return len(place.assignment.keys) + place.spot.depth


def _told(case: Case, path: tuple[Key, ...]) -> object:
    """The value that the process had, of a kind that can be compared; None where it isn't known."""
    value: object = case.settings
    for key in path:
        if isinstance(value, Mapping):
            value = value.get(str(key))
        elif isinstance(value, list) and isinstance(key, int) and key < len(value):
            value = value[key]
        else:
            return None
    return value if isinstance(value, bool | int | float | str) else None


def _contradicts(place: Place, told: object) -> bool:
    value = place.spot.value
    if told is None or not place.is_whole or not isinstance(value, ast.Constant):
        return False
    return isinstance(value.value, type(told)) and value.value != told


def _is_for_tests(assignment: Assignment) -> bool:
    texts = (ast.unparse(condition).lower() for condition in assignment.conditions)
    return any("test" in text and "not " not in text for text in texts)
