"""What a project's files say about queues, schedules and asynchronous code."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from nuages.topology import consumers

Commands = dict[str, tuple[str, ...]]

SOCKETS = re.compile(r"ProtocolTypeRouter|URLRouter|websocket", re.IGNORECASE)


def queues(root: Path, settings: str, texts: Sequence[str]) -> tuple[Commands, Commands]:
    """Consumers and schedules: name → words of a command after the project's Python.

    `settings` is the settings module; `texts` are the sources of the settings.
    """
    found = consumers.find(root, settings, texts)
    workers = {each.name: each.command for each in found if each.kind == "worker"}
    return workers, {each.name: each.command for each in found if each.kind == "schedule"}


def is_async(root: Path, asgi: str | None) -> bool:
    """Whether the ASGI application does more than Django's own does."""
    if not asgi:
        return False
    path = root / (asgi.partition(":")[0].replace(".", "/") + ".py")
    return bool(SOCKETS.search(_text(path)))


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""
