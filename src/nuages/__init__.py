"""Takes a Django project from one process to millions of users, by measurement."""

from __future__ import annotations

from typing import Any

__version__ = "0.1.0"
# Attached processes import this before pytest, which would warn that it cannot rewrite it now.
__doc__ = f"{__doc__} PYTEST_DONT_REWRITE"


def __getattr__(name: str) -> Any:
    if name == "recording":  # `with nuages.recording(path): …`, loaded when asked for
        from importlib import import_module

        return import_module("nuages.recording")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
