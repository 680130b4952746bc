"""The SQL of every query written to a log, or kept, where a site is run."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from nuages.cases import Case
from nuages.code import Module
from nuages.grounds.debug_mode import DebugMode, debug_mode
from nuages.grounds.guards import depends_on, guarded
from nuages.grounds.settings_code import (
    assignments,
    is_development,
    locate,
    settings_module,
    settings_modules,
)
from nuages.grounds.written import Function, names_of
from nuages.model import Evidence, Finding, Fix, Location, Remedy
from nuages.origins import in_migrations, in_tests
from nuages.record.settings_values import logging

ID = "sql-log-on"

LOGGERS = ("django.db.backends", "django.db", "django", "root")  # each passes on to the next
DEFAULTS = {"django": "INFO", "root": "WARNING"}  # django.utils.log.DEFAULT_LOGGING, logging
BELOW_INFO = frozenset({"DEBUG", "NOTSET"})
NOT_OPEN = ("NullHandler", "RequireDebugFalse")
SILK = "silk.middleware.SilkyMiddleware"
CHOSEN = re.compile(r"\bSILKY_INTERCEPT_FUNC\b")
FORCED_NAME = "force_debug_cursor"
FORCED = re.compile(FORCED_NAME)
WRAPPED = re.compile("execute_wrapper")
PRINTS = frozenset({"info", "warning", "error", "critical", "log", "print"})
NO_EDIT = "what reads the log is not known"


def find(case: Case) -> Iterator[Finding]:
    """What logs SQL, by its setting or its line; nothing of settings for development."""
    yield from _by_logger(case)
    if not reads_all(case):
        return
    yield from _by_silk(case)
    for module in case.code.matching(FORCED):
        yield from _by_cursor(module)
    for module in case.code.matching(WRAPPED):
        yield from _by_wrapper(module, case)


def reads_all(case: Case) -> bool:
    """Whether the settings are a site's: what logs by a line is then told by its text alone."""
    return not is_development(case)


def _by_logger(case: Case) -> Iterator[Finding]:
    """Django logs SQL only while DEBUG is on: a logger that is ready for it costs nothing."""
    mode = debug_mode(case)
    loggers = _loggers(mode, case) if mode else {}
    name, level = _level(loggers)
    handlers = sorted(set(_handlers(loggers)))
    if mode is None or level not in BELOW_INFO or not handlers:
        return
    path = ("LOGGING", "root") if name == "root" else ("LOGGING", "loggers", name)
    yield _finding(
        f"Every query is written to {', '.join(handlers)}: the logger {name} lets DEBUG pass, and "
        "DEBUG is on",
        f'give the logger "{name}" the level "INFO" in LOGGING',
        locate(case, *path, "level", entry=mode.module),
        mode.confidence,
        Remedy(kind="setting", path="LOGGING"),
    )


def _loggers(mode: DebugMode, case: Case) -> Mapping[str, Any]:
    """Of the settings that have DEBUG on: as the process had them, else as they are written."""
    if mode.module is None or mode.module is settings_module(case):
        told = case.settings.get("LOGGING")
        is_django_s = case.settings.get("LOGGING_CONFIG", 1) is not None
        loggers = told.get("loggers", {}) if isinstance(told, Mapping) and is_django_s else {}
        return loggers if isinstance(loggers, Mapping) else {}
    given = assignments(case, "LOGGING", entry=mode.module)
    if len(given) != 1 or given[0].conditions or given[0].keys:
        return {}
    try:
        written = logging(ast.literal_eval(given[0].value))
    except Exception:  # of no plain values, or of other kinds than logging takes
        return {}
    return dict(written["loggers"])


def _level(loggers: Mapping[str, Any]) -> tuple[str, str]:
    """The logger that decides what django.db.backends logs, and its level."""
    for name in LOGGERS:
        level = loggers.get(name, {}).get("level") or DEFAULTS.get(name)
        if level and (level != "NOTSET" or name == "root"):
            return name, level
    return "root", ""


def _handlers(loggers: Mapping[str, Any]) -> Iterator[str]:
    """Classes of the handlers that print a record of it."""
    for name in LOGGERS:
        logger = loggers.get(name, {})
        for handler in logger.get("handlers", ()):
            kinds = [str(handler.get("class")), *map(str, handler.get("filters", ()))]
            is_open = not any(kind.endswith(NOT_OPEN) for kind in kinds)
            if is_open and handler.get("level", "NOTSET") in BELOW_INFO:
                yield kinds[0].rpartition(".")[2]
        if logger.get("propagate") is False:
            return


def _by_silk(case: Case) -> Iterator[Finding]:
    percent = case.settings.get("SILKY_INTERCEPT_PERCENT", 100)
    is_chosen = any(CHOSEN.search(module.text) for module in settings_modules(case))
    is_installed = SILK in (case.settings.get("MIDDLEWARE") or ())
    is_all = isinstance(percent, int | float) and percent >= 100
    if case.settings.get("DEBUG") is not False or not is_installed or not is_all or is_chosen:
        return
    if _is_slow(case):
        return  # slow-middleware has it, measured
    yield _finding(
        "django-silk stores every request, and the SQL of every query, in the database",
        f'take "{SILK}" out of MIDDLEWARE, or set SILKY_INTERCEPT_PERCENT to 1',
        locate(case, "MIDDLEWARE", SILK),
        0.8,
        Remedy(kind="setting", path="MIDDLEWARE"),
    )


def _is_slow(case: Case) -> bool:
    calls = [c for c in case.recording.calls if (c.kind, c.name) == ("middleware", SILK)]
    spent_ms = sum(call.wall_ns for call in calls) / 1e6
    return bool(calls) and spent_ms > case.budgets.middleware_ms * sum(c.calls for c in calls)


def _by_cursor(module: Module) -> Iterator[Finding]:
    """`connection.force_debug_cursor = True`, which nothing of the module takes back."""
    assigned = [
        (node, tests)
        for node, tests in guarded(module, ast.Assign)
        if any(isinstance(t, ast.Attribute) and t.attr == FORCED_NAME for t in node.targets)
    ]
    values = [node.value for node, _ in assigned]
    if _is_aside(module) or not all(isinstance(v, ast.Constant) and v.value for v in values):
        return
    for node, tests in assigned:
        if depends_on(tests) != "debug":
            yield _finding(
                "Every query is timed, kept in memory and given to the logger: force_debug_cursor "
                "is set",
                f"take it out, or set it where settings.DEBUG only ({module.file}:{node.lineno})",
                module.location(node),
                0.8,
                Remedy(kind="remove"),
            )


def _is_aside(module: Module) -> bool:
    """Whether no request comes by: tests, migrations, commands."""
    place = Location(file=module.file, line=1)
    return in_tests(place) or in_migrations(place) or "management" in module.file.split("/")


def _by_wrapper(module: Module, case: Case) -> Iterator[Finding]:
    """A middleware of the project's that logs each query by connection.execute_wrapper()."""
    if _is_aside(module) or not _is_installed(module, case):
        return
    for call, tests in guarded(module, ast.Call):
        wrapper = _wrapper(call, module)
        printing = _printing(wrapper, module) if wrapper else None
        if printing is not None and depends_on(tests) != "debug":
            yield _finding(
                f"Every query is logged by {_name(wrapper)}: a line of the log for each",
                f"log at DEBUG level, or only what is slow ({module.file}:{printing.lineno})",
                module.location(printing),
                0.7,
                Remedy(kind="none"),
            )


def _is_installed(module: Module, case: Case) -> bool:
    dotted = module.file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    names = case.settings.get("MIDDLEWARE") or ()
    return any(f".{dotted}.".endswith(f".{name.rpartition('.')[0]}.") for name in map(str, names))


def _wrapper(call: ast.Call, module: Module) -> Function | ast.ClassDef | None:
    """The function, or the class of the object, that a call makes a wrapper of queries."""
    called = call.func
    if not isinstance(called, ast.Attribute) or not call.args:
        return None
    is_list = called.attr == "append" and ast.unparse(called.value).endswith("execute_wrappers")
    if called.attr != "execute_wrapper" and not is_list:
        return None
    given = call.args[0].func if isinstance(call.args[0], ast.Call) else call.args[0]
    name = given.attr if isinstance(given, ast.Attribute) else getattr(given, "id", "")
    if isinstance(given, ast.Lambda):
        return given
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    found = (node for node in ast.walk(module.tree) if isinstance(node, kinds))
    return next((node for node in found if node.name == name), None)


def _printing(wrapper: Function | ast.ClassDef, module: Module) -> ast.expr | None:
    """The call by which it logs whatever comes: at its top, above the level DEBUG."""
    if isinstance(wrapper, ast.Lambda):
        return None
    body = wrapper.body
    if isinstance(wrapper, ast.ClassDef):
        called = (n for n in body if isinstance(n, ast.FunctionDef) and n.name == "__call__")
        body = list(chain.from_iterable(node.body for node in called))
    for node in _plain(body):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            name = names_of(module).dotted(node.value.func)
            if name.rpartition(".")[2] in PRINTS and ("log" in name or name == "print"):
                return node.value
    return None


def _plain(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements that are always executed."""
    for node in body:
        yield node
        if isinstance(node, ast.With):
            yield from _plain(node.body)
        elif isinstance(node, ast.Try):
            yield from _plain([*node.body, *node.finalbody])


def _name(wrapper: Function | ast.ClassDef | None) -> str:
    return str(getattr(wrapper, "name", "a wrapper"))


def _finding(
    message: str, hint: str, location: Location | None, confidence: float, remedy: Remedy
) -> Finding:
    return Finding(
        rule=ID,
        message=message,
        hint=hint,
        location=location,
        evidence=Evidence(),
        confidence=confidence,
        remedy=remedy,
        fix=Fix(status="none", reason=NO_EDIT),
        concern="hazard",
    )
