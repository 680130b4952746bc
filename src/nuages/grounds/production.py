"""What the settings say for production, whichever settings module a process ran with."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from nuages.cases import Case
from nuages.code import Module
from nuages.grounds.settings_code import (
    DEVELOPMENT,
    Place,
    find,
    is_development,
    locate,
    settings_module,
)
from nuages.grounds.settings_code.reading import Assignment, Reader
from nuages.grounds.settings_code.values import inside
from nuages.model import Location
from nuages.origins import in_tests

PRODUCTION = frozenset({"deploy", "live", "prod", "production", "server", "stage", "staging"})
SETTINGS_FILE = re.compile(
    r"(^|/)\w*settings\w*(/[\w/]+)?\.py$|(^|/)config\.py$|(^|/)conf(ig)?/"
    r"(base|common|default\w*|prod\w*|staging|live|local\w*|dev\w*|test\w*|__init__)\.py$"
)
# What gives a setting a value that its text does not have.
ELSEWHERE = re.compile(
    r"environ|getenv|\benv\b|\benv\.|\bconfig\(|decouple|dj_database_url|django_cache_url|"
    r"secrets?\b|os\.path\.exists|import_module"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Stated:
    """A value that production's settings have for sure, as far as they can be read."""

    value: str
    location: Location | None  # where it is written; None for a default of Django's


def backends(case: Case, setting: str, key: str = "BACKEND") -> dict[str, Stated]:
    """Of a setting such as CACHES: alias → its backend; aliases left out that are not sure."""
    if not _is_of_development(case):
        told = case.settings.get(setting)
        aliases = told if isinstance(told, Mapping) else {}
        found = {str(alias): _told(case, setting, str(alias), key) for alias in aliases}
        return {alias: stated for alias, stated in found.items() if stated is not None}
    return dict(_read_backends(case, setting, key))


def value(case: Case, setting: str) -> Stated | None:
    """Of a setting that is a text; None where it is not sure."""
    if not _is_of_development(case):
        return _told(case, setting)
    given = _given(case, setting)
    if not given or given[-1].conditions:
        return None
    return _constant(given[-1].module, given[-1].value)


def place(case: Case, setting: str) -> Location | None:
    """Where a setting is given its value."""
    if not _is_of_development(case):
        return locate(case, setting)
    given = _given(case, setting)
    return given[-1].module.location(given[-1].node) if given else None


def is_known(case: Case) -> bool:
    """Whether there are settings that a site may be run with: those of the process, or others."""
    return not _is_of_development(case) or bool(_entries(case))


def is_debugging(case: Case) -> bool:
    """Whether the process had DEBUG on, so that its settings need not be production's."""
    return not _is_of_development(case) and case.settings.get("DEBUG") is True


def texts(case: Case, setting: str) -> Iterator[str]:
    """What any settings module but those for development gives a setting, as it is written."""
    for module in case.code.matching(re.compile(rf"^[ \t]*{setting}\b", re.MULTILINE)):
        if not SETTINGS_FILE.search(module.file) or _words(module) & DEVELOPMENT:
            continue
        if in_tests(Location(file=module.file, line=1)):
            continue
        for node in ast.walk(module.tree):
            targets = node.targets if isinstance(node, ast.Assign) else []
            if any(_is_of(target, setting) for target in targets) and isinstance(node, ast.Assign):
                yield ast.unparse(node.value)


def is_decided_elsewhere(case: Case, setting: str) -> bool:
    """Whether the environment, or a file that is not here, may give it another value."""
    return any(ELSEWHERE.search(text) for text in texts(case, setting))


def _is_of_development(case: Case) -> bool:
    return not case.settings or is_development(case)


def _told(case: Case, setting: str, *keys: str) -> Stated | None:
    """What the process had, where the text of the settings does not leave it open."""
    found: object = case.settings.get(setting)
    for key in keys:
        found = found.get(key) if isinstance(found, Mapping) else None
    if not isinstance(found, str) or not found:
        return None
    place = find(case, setting, *keys)
    if place is None:
        is_default = setting not in case.facts.explicit
        is_unseen = settings_module(case) is None
        return Stated(value=found, location=None) if is_default or is_unseen else None
    return None if _is_open(place) else Stated(value=found, location=place.location)


def _is_open(place: Place) -> bool:
    if place.assignment.conditions or not place.is_whole:
        return True
    return not isinstance(place.spot.value, ast.Constant)


def _given(case: Case, setting: str) -> list[Assignment]:
    return [a for module in _entries(case) for a in Reader(case.code, setting).read(module)]


def site_modules(case: Case) -> list[Module]:
    """The settings modules that a site may be run with: those that are named for production, where
    there are none that of the process, unless it is for development.
    """
    own = settings_module(case)
    return _entries(case) or ([own] if own and not is_development(case) else [])


def is_production(module: Module) -> bool:
    """Whether a settings module is production's by its name."""
    return bool(_words(module) & PRODUCTION)


def _entries(case: Case) -> list[Module]:
    """The settings modules that are production's by their names."""
    return [
        module
        for module in case.code.modules
        if _words(module) & PRODUCTION
        and not _words(module) & DEVELOPMENT
        and SETTINGS_FILE.search(module.file)
        and not in_tests(Location(file=module.file, line=1))
    ]


def _words(module: Module) -> set[str]:
    return set(re.split(r"[^a-z0-9]+", module.file.removesuffix(".py").lower()))


def _read_backends(case: Case, setting: str, key: str) -> Iterator[tuple[str, Stated]]:
    for module in _entries(case):
        given = list(Reader(case.code, setting).read(module))
        whole = [each for each in given if not each.keys and not each.adds]
        if whole and not any(each.conditions for each in given):
            yield from _of_dictionary(whole[-1], key)


def _of_dictionary(given: Assignment, key: str) -> Iterator[tuple[str, Stated]]:
    aliases = given.value.keys if isinstance(given.value, ast.Dict) else []
    for alias in aliases:
        if isinstance(alias, ast.Constant) and isinstance(alias.value, str):
            spot = inside(given.module, given.value, (alias.value, key))
            stated = _constant(spot.module, spot.value) if spot.depth == 2 else None
            if stated is not None:
                place = Place(assignment=given, spot=spot, is_whole=True).location
                yield alias.value, replace(stated, location=place)


def _constant(module: Module, node: ast.expr) -> Stated | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return Stated(value=node.value, location=module.location(node))
    return None


def _is_of(target: ast.expr, setting: str) -> bool:
    while isinstance(target, ast.Subscript):
        target = target.value
    return isinstance(target, ast.Name) and target.id == setting
