"""Hooks on other programs that the project starts and waits for."""

from __future__ import annotations

import os
from types import ModuleType
from typing import Any

from nuages.record import calls
from nuages.record.outside import KIND, bounded
from nuages.record.patches import Patches


def hook(module: ModuleType, patches: Patches) -> None:
    """Patch subprocess: starting a program and waiting for it are one call."""
    process = module.Popen
    starting = calls.first_half(process.__init__, KIND, _describe)
    patches.replace(process, "__init__", starting)
    for name in ("communicate", "wait"):
        waiting = calls.second_half(getattr(process, name), KIND, _describe, is_over=_is_over)
        patches.replace(process, name, waiting)


def _is_over(process: Any) -> bool:
    return getattr(process, "returncode", None) is not None


def _describe(args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> calls.Description:
    process = args[0]
    command = getattr(process, "args", None) or (args[1] if len(args) > 1 else kwargs.get("args"))
    code = getattr(process, "returncode", None)
    return "subprocess", bounded(_program(command)), (str(code),) if code is not None else ()


def _program(command: Any) -> str:
    """The name of the program alone: its arguments, and a shell's variables, are not kept."""
    if isinstance(command, list | tuple):
        command = command[0] if command else ""
    if isinstance(command, str):
        words = [word for word in command.split() if "=" not in word]
        command = words[0] if words else ""
    return os.path.basename(os.fsdecode(command))
