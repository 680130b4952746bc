"""Sessions that only the process or the host that wrote them can read."""

from __future__ import annotations

from collections.abc import Iterator

from nuages.cases import Case
from nuages.grounds.cache_uses import CACHED_SESSIONS, local_caches, session_cache
from nuages.grounds.middleware_needs import SESSIONS
from nuages.grounds.production import Stated, is_debugging, is_decided_elsewhere, value
from nuages.model import Evidence, Finding, Fix, Remedy

ID = "local-session"

FILES = "django.contrib.sessions.backends.file"
DATABASE = "django.contrib.sessions.backends.db"
IN_DOUBT = 0.2  # less sure, where DEBUG is on: another file may have production's settings
WROTE = "changed response"  # of the session middleware: it set its cookie


def find(case: Case) -> Iterator[Finding]:
    """At most one."""
    engine = value(case, "SESSION_ENGINE")
    if engine is None or not _has_sessions(case) or is_decided_elsewhere(case, "SESSION_ENGINE"):
        return
    if engine.value == FILES:
        yield _finding(
            engine,
            "Sessions are files of one host: on another one a visitor is logged out",
            f'set SESSION_ENGINE = "{DATABASE}", or cached_db with a shared cache',
            0.9,
            case,
        )
    elif engine.value in CACHED_SESSIONS:
        yield from _in_cache(engine, case)


def _in_cache(engine: Stated, case: Case) -> Iterator[Finding]:
    alias = session_cache(case) or "default"
    kind, _ = local_caches(case).get(alias, (None, None))
    if kind is None:
        return
    where = {"process": "one process", "host": "one host", "nowhere": "nowhere"}[kind]
    hint = f'make CACHES["{alias}"] a shared one (Redis, Valkey, Memcached)'
    if engine.value.endswith("cached_db"):
        message = (
            f"Sessions are read from the cache {alias!r} of {where}: what another writes, a logout "
            f"too, is not seen there"
        )
        yield _finding(engine, message, hint, 0.75 if kind != "nowhere" else 0.3, case)
    else:
        message = (
            f"Sessions are kept in the cache {alias!r}, which is of {where}: elsewhere, and after "
            f"a restart, a visitor is logged out"
        )
        hint = f'{hint}, or set SESSION_ENGINE = "{DATABASE}"'
        yield _finding(engine, message, hint, 0.9 if kind != "host" else 0.8, case)


def _has_sessions(case: Case) -> bool:
    """Whether the middleware is there, or not known."""
    middleware = case.settings.get("MIDDLEWARE")
    return middleware is None or any("session" in str(name).lower() for name in middleware)


def _finding(engine: Stated, message: str, hint: str, confidence: float, case: Case) -> Finding:
    calls = [c for c in case.recording.calls if (c.kind, c.name) == ("middleware", SESSIONS)]
    written = [call for call in calls if call.outcomes.get(WROTE)]
    return Finding(
        rule=ID,
        message=message,
        hint=hint,
        location=engine.location,
        evidence=Evidence(
            requests=sum(call.outcomes.get(WROTE, 0) for call in written),
            figures={"engine": engine.value.rpartition(".")[2]},
        ),
        confidence=round(confidence - (IN_DOUBT if is_debugging(case) else 0), 2),
        remedy=Remedy(kind="setting", path="SESSION_ENGINE"),
        routes=tuple(sorted({call.scope.name for call in written})),
        fix=Fix(status="none", reason="everybody who is logged in has to log in once more"),
        concern="hazard",
    )
