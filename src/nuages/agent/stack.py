"""Joins a process to a stack: its settings, its endpoints, its counters."""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from typing import NoReturn

from nuages.agent import stack_endpoints
from nuages.agent.imports import when_imported
from nuages.agent.stack_config import StackConfig


def join(path: str) -> None:
    """Do what the file says, once Django is imported; a process without Django stays as it is.

    Ends the process where the settings cannot be overlaid: going on would mean the project's own
    databases. Raises OSError and ValueError for a file that cannot be read or meant.
    """
    with open(path, encoding="utf-8") as file:
        config = StackConfig.from_json(file.read())
    when_imported("django.conf", lambda _: _overlay(config))
    stack_endpoints.install(config)
    if config.metrics:
        when_imported("django", lambda _: _count(config.metrics))


def _overlay(config: StackConfig) -> None:
    try:
        importlib.import_module("nuages.agent.stack_overlay").install(config)
    except BaseException:
        _end()


def _count(folder: str) -> None:
    try:
        importlib.import_module("nuages.agent.stack_probes").install(folder)
    except Exception:  # a full disk or a read-only folder costs figures, not the replica
        print(f"nuages counts nothing here: {traceback.format_exc()}", file=sys.stderr)


def _end() -> NoReturn:
    """Report, and end at once: an exception could be caught by the project's code."""
    try:
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(2)
