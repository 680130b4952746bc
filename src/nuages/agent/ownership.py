"""Whether code is the project's own, or comes from an installed package."""

from __future__ import annotations

import functools
import json
import os
import sys
from contextlib import suppress
from typing import Any

from nuages.agent.attach import VARIABLE
from nuages.record.ownership import Ownership


def is_own(cls: Any) -> bool:
    """Whether the class was written in one of the project's source roots."""
    path = getattr(sys.modules.get(cls.__module__), "__file__", None)
    return bool(path) and is_own_file(str(path))


def is_own_file(path: str) -> bool:
    return _ownership().place(path) is not None


@functools.cache
def _ownership() -> Ownership:
    """By the source roots that the tool named; without any, by the working directory."""
    with suppress(OSError, ValueError, KeyError), open(os.environ[VARIABLE], "rb") as file:
        return Ownership(json.load(file)["roots"])
    return Ownership({".": os.getcwd()})
