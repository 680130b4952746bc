"""How long each app takes to load when Django starts; what it imports first counts to it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from types import ModuleType
from typing import Any

from nuages.record import faults
from nuages.record.clocks import perf_counter_ns
from nuages.record.executions import current
from nuages.record.patches import Patches


def hook(module: ModuleType, patches: Patches) -> None:
    """Patch django.apps.config."""
    config = module.AppConfig
    patches.replace(config, "create", classmethod(_creating(vars(config)["create"].__func__)))
    patches.replace(config, "import_models", _importing(config.import_models))


def _creating(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def create(cls: Any, *args: Any, **kwargs: Any) -> Any:
        started_ns = perf_counter_ns()
        config = original(cls, *args, **kwargs)
        _count(config, "create", started_ns)
        return config

    return create


def _importing(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def import_models(self: Any, *args: Any, **kwargs: Any) -> Any:
        started_ns = perf_counter_ns()
        result = original(self, *args, **kwargs)
        _count(self, "import_models", started_ns)
        return result

    return import_models


def _count(config: Any, operation: str, started_ns: int) -> None:
    try:
        wall_ns = perf_counter_ns() - started_ns
        current().call(("app", str(config.name), operation, 0), started_ns, wall_ns)
    except Exception:
        faults.note()
