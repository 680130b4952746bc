"""The setting NUAGES: what may be told to the app, with all defaults in one class."""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from typing import Any

NAME = "NUAGES"
MODES = ("light", "deep")


class SettingError(ValueError):
    """The setting says something that cannot be meant: at which key, and what is expected."""

    def __init__(self, message: str, *, hint: str, code: str) -> None:
        super().__init__(message)
        self.message, self.hint, self.code = message, hint, code


class _MismatchError(ValueError):
    """A value of the wrong kind; says what was expected."""


def _truth(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise _MismatchError("True or False")


def _mode(value: object) -> str:
    if value in MODES:
        return str(value)
    raise _MismatchError(" or ".join(repr(mode) for mode in MODES))


def _folder(value: object) -> str:
    if isinstance(value, str | os.PathLike) and os.path.isabs(value):
        return os.fspath(value)
    raise _MismatchError("an absolute path")


def _folders(value: object) -> tuple[str, ...]:
    if isinstance(value, list | tuple) and value:
        return tuple(_folder(item) for item in value)
    raise _MismatchError("a list of absolute paths")


def _seconds(value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and value >= 1:
        return float(value)
    raise _MismatchError("a number of seconds, 1 or more")


def _count(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return value
    raise _MismatchError("a whole number, 1 or more")


def _key(read: Callable[[object], Any], doc: str, shown: str, default: Any) -> Any:
    return field(default=default, metadata={"read": read, "doc": doc, "shown": shown})


@dataclass(frozen=True, kw_only=True)
class NuagesSettings:
    """All keys of NUAGES, every one optional; written in upper case there."""

    enabled: bool = _key(_truth, "Whether anything is recorded.", "`True`", True)
    mode: str = _key(
        _mode,
        "`light` costs a few microseconds a query; `deep` follows every instance to its queryset "
        "and belongs into a lab.",
        '`"light"`', "light",
    )  # fmt: skip
    spool: str | None = _key(
        _folder,
        "Folder that the processes write to, one file each. All of a host may share it, and so "
        "may hosts.",
        "`nuages-UID/PROJECT` in the folder for temporary files, readable by its user only", None,
    )  # fmt: skip
    flush_seconds: float = _key(
        _seconds, "Most seconds of recording that a killed process loses.", "`10`", 10.0
    )
    sample_every: int | None = _key(
        _count,
        "After the first 64, one request, task or command in so many is measured in every "
        "detail; all of them are counted and timed.",
        "`16`; `1` when deep", None,
    )  # fmt: skip
    keep: int = _key(
        _count, "Newest files that stay in the spool; older ones are removed.", "`1000`", 1000
    )
    roots: tuple[str, ...] = _key(
        _folders,
        "Folders of the project's own code, the project itself first.",
        "`[BASE_DIR]`, or the folder of manage.py", (),
    )  # fmt: skip

    @classmethod
    def from_django(cls) -> NuagesSettings:
        """Read the project's setting; SettingError when it cannot be meant."""
        from django.conf import settings

        return cls.read(getattr(settings, NAME, {}))

    @classmethod
    def read(cls, table: object) -> NuagesSettings:
        """Make the settings of a mapping; SettingError names the key."""
        if not isinstance(table, Mapping):
            raise _wrong(NAME, "a dictionary", table)
        return cls(**dict(_value(key, value) for key, value in table.items()))


def _value(key: object, value: object) -> tuple[str, Any]:
    item = KEYS.get(key) if isinstance(key, str) else None
    if item is None:
        raise _unknown(key)
    try:
        return item.name, item.metadata["read"](value)
    except _MismatchError as error:
        raise _wrong(f"{NAME}[{key!r}]", str(error), value) from None


KEYS: Mapping[str, Field[Any]] = {item.name.upper(): item for item in fields(NuagesSettings)}


def _unknown(key: object) -> SettingError:
    closest = difflib.get_close_matches(str(key).upper(), KEYS, n=1)
    hint = f"Did you mean {closest[0]}?" if closest else f"The keys are {', '.join(KEYS)}."
    return SettingError(f"{NAME}[{key!r}] is no setting of nuages.", hint=hint, code="W002")


def _wrong(path: str, expected: str, found: object) -> SettingError:
    return SettingError(
        f"{path}: expected {expected}, found {found!r} ({type(found).__name__}).",
        hint="See docs/reference/settings.md.",
        code="W003",
    )


def reference() -> str:
    """The reference page of the setting, in Markdown, from the keys above."""
    rows = "\n".join(
        f"| `{key}` | {item.metadata['shown']} | {item.metadata['doc']} |"
        for key, item in KEYS.items()
    )
    return _PAGE.format(rows=rows)


_PAGE = """\
# The setting NUAGES

What the app `nuages.django` goes by, as [production](../how-to/production.md) shows. Every key is
optional, and so is the setting.

| key | default | meaning |
|---|---|---|
{rows}

```python
NUAGES = {{
    "ENABLED": not DEBUG,
    "SPOOL": "/var/lib/shop/nuages",
    "ROOTS": [BASE_DIR, BASE_DIR.parent / "libs"],
}}
```

## Checks

Django's system checks (`manage.py check`) warn of what cannot be meant. Servers and commands start
all the same, log a warning (`nuages`) and record nothing.

| id | meaning |
|---|---|
| `nuages.W001` | the spool cannot be written |
| `nuages.W002` | an unknown key |
| `nuages.W003` | a value of the wrong kind |
"""
