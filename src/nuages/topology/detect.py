"""What a project's files say about queues, schedules and asynchronous code."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

Commands = dict[str, tuple[str, ...]]

CELERY = re.compile(r"^\w+(?:\s*:\s*\w+)?\s*=\s*(?:celery\.)?Celery\(", re.MULTILINE)
BEAT = re.compile(r"beat_schedule|CELERY_BEAT_SCHEDULE|CELERYBEAT_SCHEDULE|django_celery_beat")
RQ = re.compile(r"['\"]django_rq['\"]")
TASKS = re.compile(r"['\"]django_tasks(_db)?['\"]|django_tasks(_db|\.backends\.database)\b")
SOCKETS = re.compile(r"ProtocolTypeRouter|URLRouter|websocket", re.IGNORECASE)


def queues(root: Path, settings: str, texts: Sequence[str]) -> tuple[Commands, Commands]:
    """Consumers and schedules: name → words of a command after the project's Python.

    `settings` is the settings module; `texts` are the sources of the settings.
    """
    workers: Commands = {}
    schedules: Commands = {}
    said = "\n".join(texts)
    if app := _celery(root, settings):
        module, text = app
        workers["celery"] = ("celery", "-A", module, "worker", "--loglevel", "WARNING")
        if BEAT.search(said + text):
            schedules["beat"] = ("celery", "-A", module, "beat", "--loglevel", "WARNING")
    if RQ.search(said):
        workers["rq"] = ("python", "manage.py", "rqworker", "default")
    if TASKS.search(said):
        workers["tasks"] = ("python", "manage.py", "db_worker")
    return workers, schedules


def is_async(root: Path, asgi: str | None) -> bool:
    """Whether the ASGI application does more than Django's own does."""
    if not asgi:
        return False
    path = root / (asgi.partition(":")[0].replace(".", "/") + ".py")
    return bool(SOCKETS.search(_text(path)))


def _celery(root: Path, settings: str) -> tuple[str, str] | None:
    """Dotted name and source of the module that makes the Celery application."""
    package = settings.partition(".")[0]
    for folder in (root, root / "src"):
        for name in (f"{package}/celery.py", f"{package}/celery_app.py", "celery_app.py"):
            text = _text(folder / name)
            if CELERY.search(text):
                return name.removesuffix(".py").replace("/", "."), text
    return None


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""
