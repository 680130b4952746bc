"""What the project is, seen from inside: its settings, databases, apps and models."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

KEPT = frozenset(
    {
        "contenttypes.ContentType",
        "auth.Permission",
        "sites.Site",
        "sessions.Session",
        "admin.LogEntry",
        "migrations.Migration",
    }
)  # Django's own bookkeeping: rows made up here would break the project


def setup() -> dict[str, Any]:
    """Start Django as `manage.py` would, and say what was found."""
    import django
    from django.conf import settings

    getattr(settings, "INSTALLED_APPS", None)  # settings errors first, before those of the apps
    django.setup()
    return {
        "settings_module": getattr(settings, "SETTINGS_MODULE", ""),
        "django": django.get_version(),
        "apps": _apps(),
        "databases": databases(),
        "debug": bool(settings.DEBUG),
        "user_model": getattr(settings, "AUTH_USER_MODEL", None),
        "urlconf": getattr(settings, "ROOT_URLCONF", None),
        "wsgi": getattr(settings, "WSGI_APPLICATION", None),
        "asgi": getattr(settings, "ASGI_APPLICATION", None),
        "overrides": overrides(),
    }


def facts() -> str:
    """What the settings say, as JSON for nuages.stated; they are imported, the apps are not."""
    from django.conf import settings

    from nuages.record.facts import take, to_json

    getattr(settings, "INSTALLED_APPS", None)
    return to_json(take())


def _apps() -> list[str]:
    from django.apps import apps

    return [config.name for config in apps.get_app_configs()]


def databases() -> dict[str, dict[str, str]]:
    """The databases by alias; only the settings are loaded for it, not the apps."""
    from django.db import connections

    found = {}
    vendors = _own_vendors()
    for alias in connections:
        configured = connections.settings[alias]
        vendor = getattr(connections[alias], "vendor", "unknown")
        found[alias] = {
            "engine": str(configured.get("ENGINE", "")),
            "vendor": vendor,
            "name": str(configured.get("NAME", "")),
            "own_vendor": vendors.get(alias, vendor),
        }
    return found


def files() -> dict[str, Any]:
    """Where static files and uploads are; only the settings are loaded for it, not the apps."""
    from django.conf import settings

    apps = settings.INSTALLED_APPS
    return {
        "collects": any(str(app).startswith("django.contrib.staticfiles") for app in apps),
        "static_url": str(settings.STATIC_URL or ""),
        "media_url": str(settings.MEDIA_URL or ""),
        "media_root": str(settings.MEDIA_ROOT or ""),
    }


def _own_vendors() -> dict[str, str]:
    """What each database is outside of here; nothing without an overlay."""
    with suppress(ImportError, AttributeError):
        return dict(importlib.import_module("nuages.agent.overlay").own_vendors())
    return {}


def overrides() -> list[dict[str, Any]]:
    """The settings that the overlay changed; nothing when the agent runs without one."""
    with suppress(ImportError, AttributeError):
        overlay = importlib.import_module("nuages.agent.overlay")
        return [dict(change) for change in overlay.applied()]
    return []


def managed_models() -> Iterator[tuple[Any, str]]:
    """Each concrete model that has a table, with the alias its rows are written to."""
    from django.apps import apps
    from django.db import router

    for model in apps.get_models(include_auto_created=True):
        meta = model._meta
        if meta.proxy or meta.swapped or not meta.managed:
            continue
        alias = router.db_for_write(model)
        if not router.allow_migrate_model(alias, model):
            alias = next((a for a in _aliases() if router.allow_migrate_model(a, model)), "")
        if alias and meta.db_table in tables(alias):
            yield model, alias


def _aliases() -> list[str]:
    from django.db import connections

    return list(connections)


_tables: dict[str, frozenset[str]] = {}


def tables(alias: str, *, again: bool = False) -> frozenset[str]:
    """The tables of a database, read once until a migration asks again."""
    from django.db import connections

    if again or alias not in _tables:
        connection = connections[alias]
        with connection.cursor() as cursor:
            listed = connection.introspection.table_names(cursor, include_views=True)
        _tables[alias] = frozenset(listed)
    return _tables[alias]


def counts() -> dict[str, int]:
    """Rows per model, auto-created link tables left out."""
    found = {}
    for model, alias in managed_models():
        if not model._meta.auto_created:
            found[model._meta.label] = model._base_manager.using(alias).count()
    return found
