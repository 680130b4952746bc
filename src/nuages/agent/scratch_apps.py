"""What to set for well-known apps so that they work without their server."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

_SEARCH_SERVER = re.compile(r"elastic|solr|opensearch|algolia|meili", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One setting, and the value that keeps its app inside this process."""

    setting: str
    value: Any  # the value, or a function of the old one
    why: str
    app: str = ""  # first part of the app's name in INSTALLED_APPS
    unset_too: bool = False  # the app's default asks a server


def _each(change: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> Callable[[Any], Any]:
    """Change every entry of a table of aliases."""

    def value(table: Any) -> Any:
        if not isinstance(table, Mapping):
            return table
        return {
            alias: change(entry) if isinstance(entry, Mapping) else entry
            for alias, entry in table.items()
        }

    return value


def _simple_search(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    if not _SEARCH_SERVER.search(str(entry.get("ENGINE", ""))):
        return entry
    return {"ENGINE": "haystack.backends.simple_backend.SimpleEngine"}


def _database_search(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    if not _SEARCH_SERVER.search(str(entry.get("BACKEND", ""))):
        return entry
    return {"BACKEND": "wagtail.search.backends.database"}


def _dummy_tasks(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    # Django's own run at once or not at all; database queues stay on the scratch database.
    backend = str(entry.get("BACKEND", ""))
    if backend.startswith("django.tasks.") or "database" in backend.lower():
        return entry
    package = "django_tasks" if backend.startswith("django_tasks.") else "django.tasks"
    return {**_without(entry, "OPTIONS"), "BACKEND": f"{package}.backends.dummy.DummyBackend"}


def _orm_queue(cluster: Any) -> Any:
    if not isinstance(cluster, Mapping) or "orm" in cluster:
        return cluster
    brokers = ("redis", "django_redis", "disque_nodes", "iron_mq", "sqs", "mongo", "broker_class")
    return {**_without(cluster, *brokers), "orm": "default"}


def _stub_broker(broker: Any) -> Any:
    if not isinstance(broker, Mapping):
        return broker
    return {**broker, "BROKER": "dramatiq.brokers.stub.StubBroker", "OPTIONS": {}}


def _memory_huey(huey: Any) -> Any:
    if not isinstance(huey, Mapping):
        return huey
    return {
        **_without(huey, "url", "connection", "backend_class"),
        "huey_class": "huey.MemoryHuey",
    }


def _no_redis(backend: Any) -> Any:
    return backend if backend and "redis" not in str(backend).lower() else _CONSTANCE


def _local_kvstore(store: Any) -> Any:
    remote = re.search(r"redis|dynamo|db_kvstore", str(store))
    return "sorl.thumbnail.kvstores.cached_db_kvstore.KVStore" if remote else store


def _without(table: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in table.items() if key not in keys}


def _disabled(key: str) -> Callable[[Any], Any]:
    return lambda value: {**value, key: False} if isinstance(value, Mapping) else value


_CONSTANCE = "constance.backends.memory.MemoryBackend"
_LAYER = {"BACKEND": "channels.layers.InMemoryChannelLayer"}

SETTINGS = (
    Rule(setting="CHANNEL_LAYERS", value=_each(lambda _: _LAYER), why="no server"),
    Rule(setting="TASKS", value=_each(_dummy_tasks), why="no task is sent"),
    Rule(setting="Q_CLUSTER", value=_orm_queue, why="no task is sent"),
    Rule(setting="DRAMATIQ_BROKER", value=_stub_broker, why="no task is sent"),
    Rule(setting="HUEY", value=_memory_huey, why="no task is sent"),
    Rule(setting="HAYSTACK_CONNECTIONS", value=_each(_simple_search), why="no search server"),
    Rule(setting="WAGTAILSEARCH_BACKENDS", value=_each(_database_search), why="no search server"),
    Rule(setting="ELASTICSEARCH_DSL_AUTOSYNC", value=False, why="no search server",
         app="django_elasticsearch_dsl", unset_too=True),
    Rule(setting="OPENSEARCH_DSL_AUTOSYNC", value=False, why="no search server",
         app="django_opensearch_dsl", unset_too=True),
    Rule(setting="ALGOLIA", value=_disabled("AUTO_INDEXING"), why="no search server"),
    Rule(setting="CONSTANCE_BACKEND", value=_no_redis, why="no server",
         app="constance", unset_too=True),
    Rule(setting="CACHEOPS_ENABLED", value=False, why="no server", app="cacheops", unset_too=True),
    Rule(setting="THUMBNAIL_KVSTORE", value=_local_kvstore, why="no server"),
    Rule(setting="ROLLBAR", value=_disabled("enabled"), why="nothing is reported"),
    Rule(setting="ELASTIC_APM", value=_disabled("ENABLED"), why="nothing is reported"),
)  # fmt: skip
