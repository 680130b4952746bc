"""Settings that were changed: what they were, what they are, why, and the way back."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import PurePath
from typing import Any

MISSING: Any = object()
LONGEST = 160  # characters of a value in the report
_SECRET = re.compile(r"SECRET|TOKEN|PASS|KEY|DSN|AUTH|CREDENTIAL|PRIVATE", re.IGNORECASE)
_SETTING = re.compile(r"[A-Z][A-Z0-9_]*")
_CREDENTIALS = re.compile(r"(?<=://)[^/@\s'\"]+(?=@)")


class Changes:
    """All changes of one process."""

    def __init__(self, kept: Collection[str] = ()) -> None:
        self.kept = frozenset(kept)  # settings that the user wants as they are
        self.refused: dict[str, str] = {}  # those that would have been changed → why
        self.entries: list[dict[str, str]] = []
        self.originals: dict[str, Any] = {}  # of the settings that were set; MISSING for none
        self._undo: list[Callable[[], None]] = []

    @property
    def names(self) -> Iterator[str]:
        """The settings that were set."""
        return iter(sorted(self.originals))

    def of(self, holder: Any, module: Any) -> Edit:
        """Changes to one settings object, and to the module that it was read from."""
        return Edit(self, holder, module)

    def record(self, setting: str, was: object, now: object, why: str) -> None:
        """Keep one line for the report; the same change of a second process object is one."""
        entry = {"setting": setting, "was": shown(setting, was), "now": shown("", now), "why": why}
        if entry not in self.entries:
            self.entries.append(entry)

    def on_undo(self, step: Callable[[], None]) -> None:
        """Remember the way back of a change."""
        self._undo.append(step)

    def undo(self) -> None:
        """Put every old value back, last first."""
        while self._undo:
            self._undo.pop()()


class Edit:
    """Reads and changes the settings of one object."""

    def __init__(self, changes: Changes, holder: Any, module: Any) -> None:
        self._changes = changes
        self._holder = holder
        self._module = module
        self._put: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        """The value of a setting."""
        return getattr(self._holder, name, default)

    def original(self, name: str) -> Any:
        """The value of a setting as the project has it, whatever was put in its place."""
        return self._changes.originals.get(name, self.get(name))

    def names(self) -> list[str]:
        """All settings there are."""
        return [name for name in dir(self._holder) if name.isupper()]

    def keeps(self, name: str, why: str) -> bool:
        """Whether the user wants this setting, or key of one, as it is; that it was is noted."""
        if name not in self._changes.kept:
            return False
        self._changes.refused.setdefault(name, why)
        return True

    def set(self, name: str, value: Any, why: str) -> None:
        """Give a setting another value; nothing is recorded when it has that value already."""
        before = self.get(name, MISSING)
        if self.is_other(name, value) and self.keeps(name, why):
            return
        if self.put(name, value):
            self.note(name, value, why, was=before)

    def put(self, name: str, value: Any) -> bool:
        """Give a setting another value, unrecorded; whether it had another one."""
        value = _of_its_kind(value, before := self.get(name, MISSING))
        if before == value:
            return False
        if type(self._holder).__module__ == "django.conf":
            # Past __setattr__: Django warns about some names there.
            self._write(vars(self._holder), name, value)
        else:
            self._assign(name, value)
        if self._module is not None and name in vars(self._module):
            self._write(vars(self._module), name, value)
        if name not in self._put:  # else it is a scratch value that another replaces
            self._put.add(name)
            self._changes.originals[name] = before
        return True

    def is_other(self, name: str, value: Any) -> bool:
        """Whether the setting has another value than this one."""
        before = self.get(name, MISSING)
        return bool(before != _of_its_kind(value, before))

    def environ(self, name: str, value: str, why: str) -> None:
        """Set an environment variable that a library reads beside the settings."""
        before = os.environ.get(name)
        if before == value:
            return
        os.environ[name] = value
        self._changes.on_undo(lambda: _restore_variable(name, before))
        self.note(f"${name}", value, why, was=MISSING if before is None else before)

    def note(self, name: str, now: object, why: str, *, was: object = MISSING) -> None:
        """Record a change that was made elsewhere."""
        if not self._is_premature(name):
            self._changes.record(name, was, now, why)

    def _is_premature(self, name: str) -> bool:
        """Whether a settings module that reads the settings itself has yet to give this one."""
        spec = getattr(self._module, "__spec__", None)
        setting = _SETTING.match(name)
        is_loading = getattr(spec, "_initializing", False)  # as importlib has it
        return bool(is_loading and setting and setting.group() not in vars(self._module))

    def _assign(self, name: str, value: Any) -> None:
        before = self.get(name, MISSING)
        setattr(self._holder, name, value)
        if before is not MISSING:
            self._changes.on_undo(lambda: setattr(self._holder, name, before))

    def _write(self, values: Any, name: str, value: Any) -> None:
        before = values.get(name, MISSING)
        values[name] = value

        def back() -> None:
            if before is MISSING:
                values.pop(name, None)
            else:
                values[name] = before

        self._changes.on_undo(back)


def _of_its_kind(value: Any, before: object) -> Any:
    """A path instead of a path: the project may go on from it with a slash."""
    return type(before)(value) if isinstance(before, PurePath) else value


def _restore_variable(name: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value


def shown(setting: str, value: object) -> str:
    """A value for the report: secrets masked, long ones cut."""
    if value is MISSING:
        return "not set"
    text = value if isinstance(value, str) else repr(_masked(value))
    if _SECRET.search(setting) and not isinstance(value, Mapping | bool | int):
        text = "•••" if value else text
    text = _CREDENTIALS.sub("•••", text)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _masked(value: object) -> object:
    if isinstance(value, Mapping):
        return {
            key: "•••" if _SECRET.search(str(key)) and item and isinstance(item, str)
            else _masked(item)
            for key, item in value.items()
        }  # fmt: skip
    if isinstance(value, list | tuple):
        return type(value)(map(_masked, value)) if type(value) in (list, tuple) else list(value)
    return value
