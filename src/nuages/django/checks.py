"""System checks: what of the setting NUAGES cannot be meant, or cannot work.

All are warnings: an error would stop every command of the project, migrations among them.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django.core.checks import CheckMessage, Warning

from nuages.django.attaching import config_of
from nuages.django.settings import NuagesSettings, SettingError


def check_setting(**_: Any) -> list[CheckMessage]:
    """W002: an unknown key; W003: a value of the wrong kind."""
    try:
        NuagesSettings.from_django()
    except SettingError as error:
        return [Warning(error.message, hint=error.hint, id=f"nuages.{error.code}")]
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
    # os.path, since a Path raises an error in a folder that may not be entered.
    there = next(path for path in (folder, *folder.parents) if os.path.exists(path))
    return os.path.isdir(there) and os.access(there, os.W_OK | os.X_OK)
