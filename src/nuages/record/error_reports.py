"""Hooks on Django's reports of errors, which show every variable: what that asks is nobody's.

A queryset that is only shown is evaluated for it. What the failed request did itself counts, the
statement that ran into a time limit included.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from types import ModuleType
from typing import Any

from nuages.record import executions, faults
from nuages.record.execution import REPORT, Execution
from nuages.record.patches import Patches


def hook(module: ModuleType, patches: Patches) -> None:
    """Patch django.views.debug: the page of DEBUG, and what mails to the admins are made of."""
    patches.replace(module, "technical_500_response", _apart(module.technical_500_response))
    reporter = module.ExceptionReporter
    for name in ("get_traceback_data", "get_traceback_html", "get_traceback_text"):
        patches.replace(reporter, name, _apart(getattr(reporter, name)))


def _apart(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def report(*args: Any, **kwargs: Any) -> Any:
        with executions.enter(_uncounted()):
            return original(*args, **kwargs)

    return report


def _uncounted() -> Execution | None:
    """What the queries of a report are counted to, and forgotten with."""
    try:
        execution = Execution(REPORT, "", executions.active())
        execution.is_sampled = False
        return execution
    except Exception:
        faults.note()
        return None
