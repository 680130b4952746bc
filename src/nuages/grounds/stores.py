"""Tables of settings, flags, types and sites, whose libraries keep their rows if they are let."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nuages.model import RemedyKind

# Backends that keep nothing, or ask the database for each key.
KEEPS_NOTHING = {
    "django.core.cache.backends.dummy.DummyCache": "keeps nothing",
    "django.core.cache.backends.db.DatabaseCache": "is a table itself",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Store:
    """A library that keeps the rows of its tables: in a cache, or by a call that does."""

    name: str
    prefixes: tuple[str, ...]  # of its tables
    setting: str = ""  # names the cache, by alias; unset it is `alias`
    alias: str = ""  # "" where without the setting nothing is kept
    call: str = ""  # what keeps the row, where no cache is needed
    methods: frozenset[str] = frozenset()  # what asks for rows of tables of the project's own


STORES = (
    Store(
        name="ContentType",
        prefixes=("django_content_type",),
        call="ContentType.objects.get_for_model(Model), or get_by_natural_key(app_label, model)",
    ),
    Store(
        name="Site",
        prefixes=("django_site",),
        call="Site.objects.get_current()",
    ),
    Store(
        name="wagtail's Site",
        prefixes=("wagtailcore_site",),
        call="Site.find_for_request(request)",
    ),
    Store(
        name="constance",
        prefixes=("constance_",),
        setting="CONSTANCE_DATABASE_CACHE_BACKEND",
    ),
    Store(name="waffle", prefixes=("waffle_",), setting="WAFFLE_CACHE_NAME", alias="default"),
    Store(
        name="django-solo",
        prefixes=(),
        setting="SOLO_CACHE",
        methods=frozenset({"get_solo"}),
    ),
    Store(
        name="dynamic-preferences",
        prefixes=("dynamic_preferences_",),
        setting="DYNAMIC_PREFERENCES",
        alias="default",
    ),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class StoreAdvice:
    """Where to look before the view is blamed."""

    hint: str
    kind: RemedyKind


def advice_of_store(table: str, method: str, settings: Mapping[str, Any]) -> StoreAdvice | None:
    """What lets a library keep the rows of this table; None where it is none of theirs."""
    for store in STORES:
        if table.startswith(store.prefixes) or method in store.methods:
            return _by_call(store) if store.call else _by_cache(store, settings)
    return None


def _by_call(store: Store) -> StoreAdvice:
    return StoreAdvice(hint=f"ask by {store.call}, which keeps what it found", kind="cache")


def _by_cache(store: Store, settings: Mapping[str, Any]) -> StoreAdvice:
    named = settings.get(store.setting)
    alias = named if isinstance(named, str) else store.alias
    caches = settings.get("CACHES")
    cache = caches.get(alias) if isinstance(caches, Mapping) and alias else None
    backend = str(cache.get("BACKEND", "")) if isinstance(cache, Mapping) else ""
    if backend in KEEPS_NOTHING:
        return StoreAdvice(
            hint=f'{store.name} keeps its rows in CACHES["{alias}"], which '
            f"{KEEPS_NOTHING[backend]}: set a cache that all processes share",
            kind="setting",
        )
    if not alias:
        return StoreAdvice(
            hint=f'set {store.setting} = "default": {store.name} asks the database each time '
            f"as long as it has no cache",
            kind="setting",
        )
    return StoreAdvice(
        hint=f'look first at {store.name}\'s cache, CACHES["{alias}"]: it is there so that rows '
        f"are not asked for again; then ask once, and pass the result on",
        kind="setting",
    )
