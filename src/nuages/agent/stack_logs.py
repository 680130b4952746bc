"""LOGGING of a stack: to standard error, which the stack collects, and without every query."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from nuages.agent.changes import Edit
from nuages.agent.scratch_services import REMOTE_LOG
from nuages.agent.stack_config import StackConfig

SQL = ("django.db", "django.db.backends", "django.db.backends.schema")
TIMES = "django.db.backends"
STREAM = "logging.StreamHandler"


def logs(edit: Edit, _: StackConfig) -> None:
    """Log files become the process's standard error; no statement is timed for a log."""
    told = edit.get("LOGGING") or {}
    if not isinstance(told, Mapping):
        return
    handlers = {name: _handler(each) for name, each in (told.get("handlers") or {}).items()}
    loggers = {name: _logger(name, each) for name, each in (told.get("loggers") or {}).items()}
    if _logs_all_sql(told, loggers):
        loggers[TIMES] = {**loggers.get(TIMES, {}), "level": "INFO"}
    new = {**told, "handlers": handlers, "loggers": loggers}
    same = handlers == (told.get("handlers") or {}) and loggers == (told.get("loggers") or {})
    if same or edit.keeps("LOGGING", "logs go to standard error, without every query"):
        return
    if edit.put("LOGGING", new):
        _note_handlers(edit, told.get("handlers") or {}, handlers)
        if loggers != (told.get("loggers") or {}):
            edit.note(f"LOGGING logger {TIMES}", "INFO", "a log of every query costs each one time",
                      was="DEBUG")  # fmt: skip


def _handler(told: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: told[key] for key in ("level", "filters") if key in told}
    if isinstance(told.get("filename"), str | os.PathLike):
        form = {"formatter": told["formatter"]} if "formatter" in told else {}
        return {**kept, **form, "class": STREAM}
    if REMOTE_LOG.search(str(told.get("class", ""))):
        return {**kept, "class": "logging.NullHandler"}
    return dict(told)


def _logger(name: str, told: Mapping[str, Any]) -> dict[str, Any]:
    if name in SQL and _is_debug(told):
        return {**told, "level": "INFO"}
    return dict(told)


def _logs_all_sql(told: Mapping[str, Any], loggers: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether the logger of statements takes its DEBUG from one above."""
    if any("level" in loggers.get(name, {}) for name in (TIMES, "django.db")):
        return False
    above = loggers.get("django") or loggers.get("") or {}
    level = above.get("level") or (told.get("root") or {}).get("level")
    return _is_debug({"level": level})


def _is_debug(told: Mapping[str, Any]) -> bool:
    return str(told.get("level", "")).upper() in ("DEBUG", "NOTSET", "10", "0")


def _note_handlers(edit: Edit, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    for name, told in new.items():
        if told != old[name]:
            was = old[name].get("filename") or old[name].get("class")
            why = "the stack collects it" if told["class"] == STREAM else "no server"
            edit.note(f"LOGGING handler {name}", told["class"], why, was=was)
