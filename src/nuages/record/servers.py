"""Servers that end without running atexit: they write out what is new once they are shut down."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from types import ModuleType
from typing import Any

from nuages.record import snapshots
from nuages.record.patches import Patches


def hook_uvicorn(module: ModuleType, patches: Patches) -> None:
    """Patch uvicorn.server, which ends by the signal that it was sent."""
    patches.replace(module.Server, "shutdown", _shutting_down(module.Server.shutdown))


def _shutting_down(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    async def shutdown(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return await original(self, *args, **kwargs)
        finally:
            snapshots.flush()

    return shutdown
