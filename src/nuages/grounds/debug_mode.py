"""Whether a site would be run with DEBUG on: its settings leave it on, or a server had it on."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from itertools import chain

from nuages.cases import Case
from nuages.code import Module
from nuages.grounds.production import is_production, site_modules
from nuages.grounds.settings_code import (
    DEVELOPMENT,
    assignments,
    is_development,
    locate,
    settings_module,
    settings_modules,
)
from nuages.grounds.settings_code.reading import Assignment
from nuages.model import Location
from nuages.origins import in_tests
from nuages.stated import WEB_SERVERS

GIVES = re.compile(r"^\s*DEBUG\s*(:\s*\w+\s*)?=", re.MULTILINE)
RELOADS = re.compile(r"--reload\b")  # what a developer starts a server with
# Code by which settings that are not here may come in.
OPEN = re.compile(
    r"\bexec(file)?\(|\boptional\(|\blocal_settings\b|import_module\(|\bload_env\w*\("
)
ASKS = re.compile(r"env|config\(", re.IGNORECASE)  # calls that read the environment
YES = frozenset({"1", "on", "t", "true", "y", "yes"})


@dataclass(frozen=True, kw_only=True)
class DebugMode:
    """That DEBUG is on, as sure as it is."""

    where: str  # as a message says it: "in gunicorn, which runs with shop.settings"
    location: Location | None
    module: Module | None  # of the settings
    confidence: float
    served: str = ""  # the server that ran with it


def debug_mode(case: Case) -> DebugMode | None:
    """None wherever a site may well have it off: settings for development, or left open."""
    if _is_served(case):
        name = case.facts.settings_module or "settings of its own"
        return DebugMode(
            where=f"in {case.facts.server}, which runs with {name}",
            location=locate(case, "DEBUG"),
            module=settings_module(case),
            confidence=0.9,
            served=case.facts.server,
        )
    return next(filter(None, (_written(case, module) for module in site_modules(case))), None)


def _is_served(case: Case) -> bool:
    """Whether a server of sites had it on."""
    is_site = case.is_recorded and case.facts.server in WEB_SERVERS
    is_reloading = bool(RELOADS.search(case.recording.meta.get("argv", "")))
    is_on = case.settings.get("DEBUG") is True and not is_development(case)
    return is_site and is_on and not is_reloading


def _written(case: Case, module: Module) -> DebugMode | None:
    """What the code of a settings module says, where that leaves no doubt."""
    is_own = module is settings_module(case)
    is_named = is_production(module)  # else it is the only one, as far as can be seen
    if not (case.settings.get("DEBUG") is True if is_own else is_named):
        return None
    given = assignments(case, "DEBUG", entry=module)
    if not given or any(map(_is_open, settings_modules(case, entry=module))):
        return None
    location = locate(case, "DEBUG", entry=module)
    if _is_on(given[-1]) and (is_named or not _is_turned_off(case)):
        where = f"in {module.file}, and no other settings turn it off"
        return DebugMode(where=where, location=location, module=module, confidence=0.7)
    if is_named and _is_on_by_default(given[-1]):
        where = f"in {module.file} wherever no variable turns it off"
        return DebugMode(where=where, location=location, module=module, confidence=0.6)
    return None


def _is_on(last: Assignment) -> bool:
    """DEBUG = True, and nothing about it depends on anything."""
    is_true = isinstance(last.value, ast.Constant) and last.value.value is True
    return is_true and not (last.conditions or last.in_class)


def _is_on_by_default(last: Assignment) -> bool:
    """DEBUG = env.bool("DEBUG", True) and its like."""
    if last.conditions or last.in_class:
        return False
    calls = [node for node in ast.walk(last.value) if isinstance(node, ast.Call)]
    asking = [call for call in calls if ASKS.search(ast.unparse(call.func))]
    return len(asking) == 1 and _is_yes(_default(asking[0]))


def _default(call: ast.Call) -> ast.expr | None:
    told = next((keyword.value for keyword in call.keywords if keyword.arg == "default"), None)
    return told or (call.args[1] if len(call.args) == 2 else None)


def _is_yes(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and str(node.value).lower() in YES


def _is_turned_off(case: Case) -> bool:
    """Whether another settings module may be production's."""
    own = settings_modules(case)
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
