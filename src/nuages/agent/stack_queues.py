"""Queues of a stack: the tasks that web replicas send reach the stack's own workers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import Any

from nuages.agent import scratch_services
from nuages.agent.changes import Edit
from nuages.agent.scratch_apps import SETTINGS
from nuages.agent.stack_config import StackConfig

WHY = "workers of this stack take tasks from there"
RQ_PLACE = ("HOST", "PORT", "DB", "URL", "UNIX_SOCKET_PATH", "USE_REDIS_CACHE", "SENTINELS",
            "MASTER_NAME", "SOCKET_TIMEOUT", "CONNECTION_KWARGS", "USERNAME", "PASSWORD", "SSL",
            "REDIS_CLIENT_KWARGS", "SENTINEL_KWARGS")  # fmt: skip
BROKERS = ("BROKER_URL", "BROKER_READ_URL", "BROKER_WRITE_URL")
IN_MEMORY = re.compile(r"memory://|filesystem://")


def celery(edit: Edit, config: StackConfig) -> None:
    """Celery's broker and results; without a queue of the stack none is sent."""
    if not config.queue:
        scratch_services.celery(edit, None)
        return
    url = kombu_url(config.queue)
    for name in edit.names():
        value = edit.get(name)
        if not isinstance(value, str) or not value:
            continue
        if name.endswith(BROKERS):
            edit.set(name, url, WHY)
        elif name.endswith("RESULT_BACKEND") and not scratch_services.LOCAL_RESULTS.match(value):
            edit.set(name, url, "all replicas read results there")
    if find_spec("celery"):  # it reads these before any configuration
        edit.environ("CELERY_BROKER_URL", url, WHY)
        edit.environ("CELERY_RESULT_BACKEND", url, "all replicas read results there")


def others(edit: Edit, config: StackConfig) -> None:
    """RQ, Huey, Dramatiq, Django Q and Channels likewise, each by its own setting."""
    if not config.queue:
        return
    for name, change in QUEUES.items():
        value = edit.get(name)
        if isinstance(value, Mapping) and value:
            edit.set(name, change(value, config.queue), WHY)


def outside(edit: Edit, config: StackConfig) -> None:
    """Mail, trackers and search servers: what a stack has no part for stays in the process."""
    for service in (scratch_services.mail, scratch_services.trackers):
        service(edit, None)
    ours = QUEUES.keys() if config.queue else ()
    scratch_services.apply_rules(
        edit, [rule for rule in SETTINGS if _is_outside(rule.setting, ours)]
    )


def _is_outside(setting: str, ours: Any) -> bool:
    # Threads and database queues of Django's tasks stay as they are: the database is shared.
    return setting not in ours and setting != "TASKS"


def kombu_url(url: str) -> str:
    """The same place as Celery's transport spells it."""
    if not url.startswith("unix:"):
        return url
    path, _, query = url.removeprefix("unix://").partition("?")
    return f"redis+socket://{path}?virtual_host={query.removeprefix('db=') or 0}"


def _rq(queues: Mapping[str, Any], url: str) -> dict[str, Any]:
    return {name: _rq_queue(told, url) if isinstance(told, Mapping) else told
            for name, told in queues.items()}  # fmt: skip


def _rq_queue(told: Mapping[str, Any], url: str) -> dict[str, Any]:
    kept = {key: value for key, value in told.items() if key not in RQ_PLACE}
    if not url.startswith("unix:"):
        return {**kept, "URL": url}
    path, _, query = url.removeprefix("unix://").partition("?")
    return {**kept, "UNIX_SOCKET_PATH": path, "DB": int(query.removeprefix("db=") or 0)}


def _huey(told: Mapping[str, Any], url: str) -> dict[str, Any]:
    if re.search(r"Sqlite|File", str(told.get("huey_class", ""))):
        return dict(told)
    options = ("host", "port", "db", "password", "connection_pool", "url", "read_timeout")
    connection = {key: value for key, value in (told.get("connection") or {}).items()
                  if key not in options}  # fmt: skip
    kept = {key: value for key, value in told.items() if key not in ("url", "immediate")}
    return {**kept, "connection": {**connection, "url": url}, "immediate": False}


def _dramatiq(told: Mapping[str, Any], url: str) -> dict[str, Any]:
    return {**told, "BROKER": "dramatiq.brokers.redis.RedisBroker", "OPTIONS": {"url": url}}


def _django_q(told: Mapping[str, Any], url: str) -> dict[str, Any]:
    if "orm" in told:
        return dict(told)
    brokers = ("django_redis", "disque_nodes", "iron_mq", "sqs", "mongo", "broker_class")
    return {**{key: value for key, value in told.items() if key not in brokers}, "redis": url}


def _channels(layers: Mapping[str, Any], url: str) -> dict[str, Any]:
    if find_spec("channels_redis") is None:
        return dict(layers)
    return {
        alias: {
            **told,
            "BACKEND": backend if "redis" in (backend := str(told.get("BACKEND", ""))).lower()
            else "channels_redis.core.RedisChannelLayer",
            "CONFIG": {**(told.get("CONFIG") or {}), "hosts": [url]},
        }
        for alias, told in layers.items()
    }  # fmt: skip


QUEUES: Mapping[str, Callable[[Mapping[str, Any], str], dict[str, Any]]] = {
    "RQ_QUEUES": _rq,
    "HUEY": _huey,
    "DRAMATIQ_BROKER": _dramatiq,
    "Q_CLUSTER": _django_q,
    "CHANNEL_LAYERS": _channels,
}
