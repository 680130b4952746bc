"""For whom responses are: for everybody, and then how often they repeat, or for one visitor.

Only in sampled executions; whether bodies repeat, only in deep recordings.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

from nuages.record import faults, interning
from nuages.record.clocks import monotonic
from nuages.record.execution import Execution
from nuages.record.patches import Patches
from nuages.record.reuse import TTLS, Reuse

ROUTES = 2_000  # whose bodies are compared
LARGEST = 1_000_000  # bytes of a body that is compared

compares = False
_routes: dict[str, Reuse] = {}


def hook(_: ModuleType, patches: Patches) -> None:
    """Compare bodies until the patches are undone."""
    patches.replace(sys.modules[__name__], "compares", True)


def clear() -> None:
    _routes.clear()


def note(execution: Execution, response: Any) -> None:
    """Count a good answer to a GET by whom it is for; the execution has its route already."""
    try:
        if execution.is_sampled and getattr(response, "status_code", 0) == 200:
            _note(execution, response)
    except Exception:
        faults.note()


def _note(execution: Execution, response: Any) -> None:
    request = execution.request
    if request.method != "GET":
        return
    if _is_personal(request, response):
        execution.count("responses_personal")
        return
    execution.count("responses_for_all")
    if "cookie" in response.headers.get("Vary", "").lower():
        execution.count("responses_varying")
    if compares:
        _compare(execution, response)


def _is_personal(request: Any, response: Any) -> bool:
    """Whether the visitor is known, or the response is not to be kept for others."""
    meta = request.META
    if meta.get("HTTP_AUTHORIZATION") or response.cookies:
        return True
    if f"{_session_cookie()}=" in meta.get("HTTP_COOKIE", ""):
        return True
    control = response.headers.get("Cache-Control", "").lower()
    return "private" in control or "no-store" in control


def _session_cookie() -> str:
    conf = sys.modules.get("django.conf")
    return str(conf.settings.SESSION_COOKIE_NAME) if conf is not None else "sessionid"


def _compare(execution: Execution, response: Any) -> None:
    """Look the response up among those that the same address gave before."""
    content = vars(response).get("_container")
    if type(content) is not list or sum(map(len, content)) > LARGEST:
        return
    meta = execution.request.META
    address = hash((meta.get("PATH_INFO", ""), meta.get("QUERY_STRING", "")))
    body = hash(b"".join(content))
    with interning.lock:
        reuse = _routes.get(execution.name)
        if reuse is None:
            if len(_routes) >= ROUTES:
                return
            reuse = _routes[execution.name] = Reuse()
        before = reuse.lookups, list(reuse.hits), list(reuse.stale)
        reuse.add(address, body, 0, monotonic())
        _count(execution, reuse, *before)


def _count(
    execution: Execution, reuse: Reuse, lookups: int, hits: list[int], stale: list[int]
) -> None:
    if reuse.lookups == lookups:
        return
    execution.count("responses_repeated")
    for number, seconds in enumerate(TTLS):
        if reuse.hits[number] > hits[number]:
            execution.count(f"response_hits_{seconds}")
        if reuse.stale[number] > stale[number]:
            execution.count(f"response_stale_{seconds}")
