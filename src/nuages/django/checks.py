"""System checks: what of the setting NUAGES cannot be meant, or cannot work."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django.core.checks import CheckMessage, Error, Warning

from nuages.django.attaching import config_of
from nuages.django.settings import NuagesSettings, SettingError


def check_setting(**_: Any) -> list[CheckMessage]:
    """E001: an unknown key; E002: a value of the wrong kind."""
    try:
        NuagesSettings.from_django()
    except SettingError as error:
        return [Error(error.message, hint=error.hint, id=f"nuages.{error.code}")]
    return []


def check_spool(**_: Any) -> list[CheckMessage]:
    """W001: whoever runs the checks could not write the recording."""
    try:
        told = NuagesSettings.from_django()
    except SettingError:
        return []
    folder = Path(config_of(told).spool or "")
    if not told.enabled or _is_writable(folder):
        return []
    hint = f"Make it for the user that the servers run as, or name another as {SPOOL}."
    return [Warning(f"{folder} cannot be written: nothing is recorded.", hint=hint, id=W001)]


W001 = "nuages.W001"
SPOOL = "NUAGES['SPOOL']"


def _is_writable(folder: Path) -> bool:
    """Whether there is such a folder of ours, or it can be made."""
    there = next(path for path in (folder, *folder.parents) if path.exists())
    return there.is_dir() and os.access(there, os.W_OK | os.X_OK)
