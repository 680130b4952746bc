"""Whether a site would be run with DEBUG on: nothing in its code turns it off, or a server did."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from itertools import chain

from nuages.cases import Case
from nuages.code import Module
from nuages.model import Location
from nuages.origins import in_tests
from nuages.settings_code import (
    DEVELOPMENT,
    assignments,
    is_development,
    locate,
    settings_modules,
)
from nuages.stated import WEB_SERVERS

GIVES = re.compile(r"^\s*DEBUG\s*(:\s*\w+\s*)?=", re.MULTILINE)
RELOADS = re.compile(r"--reload\b")  # what a developer starts a server with
# Code by which settings that are not here may come in.
OPEN = re.compile(
    r"\bexec(file)?\(|\boptional\(|\blocal_settings\b|import_module\(|\bload_env\w*\("
)


@dataclass(frozen=True, kw_only=True)
class DebugMode:
    """That DEBUG is on, as sure as it is."""

    location: Location | None
    served: str  # the server that ran with it; "" where only the code says so
    confidence: float


def debug_mode(case: Case) -> DebugMode | None:
    """None wherever a site may well have it off: settings for development, or left open."""
    if case.settings.get("DEBUG") is not True or is_development(case):
        return None
    location = locate(case, "DEBUG")
    if case.is_recorded and case.facts.server in WEB_SERVERS and not _is_reloading(case):
        return DebugMode(location=location, served=case.facts.server, confidence=0.9)
    if not _is_written(case) or _is_turned_off(case):
        return None
    return DebugMode(location=location, served="", confidence=0.7)


def _is_reloading(case: Case) -> bool:
    return bool(RELOADS.search(case.recording.meta.get("argv", "")))


def _is_written(case: Case) -> bool:
    """Whether the last word is DEBUG = True, and depends on nothing."""
    *_, last = (None, *assignments(case, "DEBUG"))
    return last is not None and not (
        last.conditions or last.in_class or not isinstance(last.value, ast.Constant)
    )


def _is_turned_off(case: Case) -> bool:
    """Whether another settings module may be production's, or one comes in that is not here."""
    own = settings_modules(case)
    if any(_is_open(module) for module in own):
        return True
    others = (module for module in case.code.matching(GIVES) if module not in own)
    return any(not _is_for_development(module) for module in others)


def _is_open(module: Module) -> bool:
    """Whether a file of settings that only some machines have is taken in."""
    tries = (node for node in ast.walk(module.tree) if isinstance(node, ast.Try))
    tried = chain.from_iterable(node.body for node in tries)
    stars = (n for n in tried if isinstance(n, ast.ImportFrom) and n.names[0].name == "*")
    return bool(OPEN.search(module.text)) or any(True for _ in stars)


def _is_for_development(module: Module) -> bool:
    words = set(re.split(r"[^a-z0-9]+", module.file.removesuffix(".py").lower()))
    return bool(words & DEVELOPMENT) or in_tests(Location(file=module.file, line=1))
