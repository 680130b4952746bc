"""Hooks on other programs that the project starts and waits for."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import wraps
from types import ModuleType
from typing import Any

from nuages.record import calls, faults
from nuages.record.outside import KIND, bounded
from nuages.record.patches import Patches

# What the reloaders of Django and Werkzeug tell the server that they start again and again.
RESTARTED = frozenset({"RUN_MAIN", "WERKZEUG_RUN_MAIN"})
OWN = "_nuages_own"  # on a process: it is the same server, and nobody waits for it
GRACE = 3.0  # seconds that a reloader's server has to end and be written, before it is killed


def hook(module: ModuleType, patches: Patches) -> None:
    """Patch subprocess: starting a program and waiting for it are one call."""
    process = module.Popen
    patches.replace(process, "__init__", _starting(process.__init__))
    for name in ("communicate", "wait"):
        waiting = calls.second_half(getattr(process, name), KIND, _describe, is_over=_is_over)
        patches.replace(process, name, waiting)
    patches.replace(process, "kill", _killing(process.kill))


def _starting(original: Callable[..., Any]) -> Callable[..., Any]:
    counted = calls.first_half(original, KIND, _describe)

    @wraps(original)
    def start(self: Any, *args: Any, **kwargs: Any) -> Any:
        return (original if _is_own(self, kwargs.get("env")) else counted)(self, *args, **kwargs)

    return start


def _is_own(process: Any, environment: Any) -> bool:
    """Whether a reloader starts its server, which it waits for as long as it lives."""
    try:
        if environment is None or not any(
            name in environment and name not in os.environ for name in RESTARTED
        ):
            return False
        vars(process)[OWN] = True
    except Exception:
        faults.note()
        return False
    return True


def _killing(original: Callable[[Any], None]) -> Callable[[Any], None]:
    @wraps(original)
    def kill(self: Any) -> None:
        if OWN in vars(self):
            _end(self)
        original(self)

    return kill


def _end(process: Any) -> None:
    """A reloader that is terminated kills its server; asked to end, it writes its last requests."""
    try:
        process.terminate()
        process.wait(GRACE)
    except Exception as error:
        if type(error).__name__ != "TimeoutExpired":
            faults.note()


def _is_over(process: Any) -> bool:
    return getattr(process, "returncode", None) is not None or OWN in vars(process)


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
