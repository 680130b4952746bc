"""Text of modules, found as an import would find them, and not executed."""

from __future__ import annotations

import sys
from typing import Any


def text_of(module: str) -> str | None:
    """Source of a module; None when there is no such module, "" when it has no text."""
    path: Any = None
    spec: Any = None
    name = ""
    for part in module.split("."):
        name = f"{name}.{part}" if name else part
        spec = _find(name, path)
        if spec is None:
            return None
        path = spec.submodule_search_locations
    try:
        with open(spec.origin, encoding="utf-8", errors="replace") as file:
            return file.read()
    except (OSError, TypeError):
        return ""


def _find(name: str, path: Any) -> Any:
    for finder in sys.meta_path:
        find = getattr(finder, "find_spec", None)
        spec = find(name, path, None) if find else None
        if spec is not None:
            return spec
    return None
