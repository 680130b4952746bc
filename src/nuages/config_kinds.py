"""The kinds of value that `[tool.nuages]` may hold, and how one of another kind is told."""

from __future__ import annotations

import difflib
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from typing import Any

from nuages.model import Budgets, Limits

HOST_POLICY = ("refuse", "allow", "stub:<ms>")


class MismatchError(ValueError):
    """A value of the wrong kind: what was expected, what was found, and where below its key."""

    def __init__(self, expected: str, found: object, *, below: str = "") -> None:
        super().__init__(expected)
        self.expected, self.found, self.below = expected, found, below


def text(value: object) -> str:
    if isinstance(value, str) and value.strip():
        return value
    raise MismatchError("a string that is not empty", value)


def texts(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (text(value),)
    if isinstance(value, list | tuple):
        return tuple(text(item) for item in value)
    raise MismatchError("a string or a list of strings", value)


def command(value: object) -> tuple[str, ...]:
    return tuple(shlex.split(value)) if isinstance(value, str) and value.strip() else texts(value)


def table(value: object, read: Callable[[object], Any], expected: str) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise MismatchError(expected, value)
    return each(value, lambda _: read)


def text_table(value: object) -> dict[str, str]:
    return table(value, text, "a table of strings")


def flag(value: object) -> str | bool | int | float:
    if isinstance(value, str | bool | int | float):
        return value
    raise MismatchError("a string, a number or a boolean", value)


def flags(value: object) -> dict[str, str | bool | int | float]:
    return table(value, flag, "a table of strings, numbers and booleans")


def environment(value: object) -> dict[str, str]:
    return table(value, lambda item: str(flag(item)), "a table of strings")


def policy(value: object) -> str:
    told = text(value)
    name, _, delay = told.partition(":")
    if told in ("refuse", "allow") or (name == "stub" and delay.isdigit()):
        return told
    raise MismatchError(f"one of {', '.join(HOST_POLICY)}", value)


def hosts(value: object) -> dict[str, str]:
    return table(value, policy, "a table of hosts")


def positive(value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
        return float(value)
    raise MismatchError("a number above 0", value)


def at_least_one(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return value
    raise MismatchError("a whole number from 1 on", value)


def whole(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise MismatchError("a whole number from 0", value)


def one_of(names: Sequence[str], key: str) -> str:
    if key in names:
        return key
    closest = difflib.get_close_matches(key, names, n=1)
    meant = f" (did you mean {closest[0]}?)" if closest else ""
    raise MismatchError(f"one of {', '.join(names)}{meant}", key, below=f".{key}")


def limits(value: object, names: Sequence[str]) -> Limits:
    if isinstance(value, Limits):
        return value
    if not isinstance(value, Mapping):
        raise MismatchError("a table of limits", value)
    told = {one_of(names, str(key)): item for key, item in value.items()}
    return Limits(**each(told, lambda key: whole if key == "max_queries" else positive))


def limit_table(value: object, names: Sequence[str]) -> dict[str, Limits]:
    if not isinstance(value, Mapping):
        raise MismatchError("a table of tables of limits", value)
    return each(value, lambda key: lambda item: limits(item, names))


BUDGETS: Mapping[str, Callable[[object], Any]] = {
    **dict.fromkeys(("response_ms", "query_ms", "slow_query_ms", "middleware_ms"), positive),
    "max_queries": whole,
    "time_tolerance": positive,
    "routes": lambda value: limit_table(value, [item.name for item in fields(Limits)]),
    "tests": lambda value: limit_table(value, ["max_queries"]),
}


def budgets(value: object) -> Budgets:
    if isinstance(value, Budgets):
        return value
    if not isinstance(value, Mapping):
        raise MismatchError("a table of budgets", value)
    for key in value:
        one_of(list(BUDGETS), str(key))
    return Budgets(**each(value, lambda key: BUDGETS[key]))


def each(
    told: Mapping[str, object], reader: Callable[[str], Callable[[object], Any]]
) -> dict[str, Any]:
    """Each value read by its own reader; a mismatch names its key."""
    read = {}
    for key, item in told.items():
        try:
            read[str(key)] = reader(str(key))(item)
        except MismatchError as error:
            below = f".{key}{error.below}"
            raise MismatchError(error.expected, error.found, below=below) from None
    return read
