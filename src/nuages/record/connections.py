"""Hooks on database connections: what it costs to open, to check and to close one."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from types import ModuleType
from typing import Any

from nuages.record import calls, transactions
from nuages.record.patches import Patches

KIND = "connection"


def hook(module: ModuleType, patches: Patches) -> None:
    """Patch django.db.backends.base.base."""
    wrapper = module.BaseDatabaseWrapper
    patches.replace(wrapper, "connect", calls.timing(wrapper.connect, KIND, _describe_opening))
    patches.replace(wrapper, "close", _closing(wrapper.close))
    check = _checking(wrapper.close_if_health_check_failed)
    patches.replace(wrapper, "close_if_health_check_failed", check)
    transactions.hook_connections(wrapper, patches)


def _describe_opening(
    args: tuple[Any, ...], kwargs: dict[str, Any], result: Any
) -> calls.Description:
    database = args[0]
    return database.alias, "getconn" if _is_pooled(database) else "connect", ()


def _describe_closing(
    args: tuple[Any, ...], kwargs: dict[str, Any], result: Any
) -> calls.Description:
    database = args[0]
    return database.alias, "putconn" if _is_pooled(database) else "close", ()


def _describe_check(
    args: tuple[Any, ...], kwargs: dict[str, Any], result: Any
) -> calls.Description:
    return args[0].alias, "check", ()


def _is_pooled(database: Any) -> bool:
    """Whether Django takes its connections from psycopg's pool."""
    return database.vendor == "postgresql" and bool(database.settings_dict["OPTIONS"].get("pool"))


def _closing(original: Callable[..., Any]) -> Callable[..., Any]:
    timed = calls.timing(original, KIND, _describe_closing)

    @wraps(original)
    def close(self: Any, *args: Any, **kwargs: Any) -> Any:
        is_open = self.connection is not None and not self.closed_in_transaction
        if not is_open:  # Django closes all it knows at the end of every request
            return original(self, *args, **kwargs)
        try:
            return timed(self, *args, **kwargs)
        finally:
            transactions.end_all(self)

    return close


def _checking(original: Callable[..., Any]) -> Callable[..., Any]:
    timed = calls.timing(original, KIND, _describe_check)

    @wraps(original)
    def close_if_health_check_failed(self: Any) -> Any:
        is_due = (
            self.health_check_enabled and not self.health_check_done and self.connection is not None
        )
        return (timed if is_due else original)(self)

    return close_if_health_check_failed
