"""Static files that the balancer serves, and uploads that every replica sees."""

from __future__ import annotations

import os

from nuages.agent import scratch_services
from nuages.agent.changes import Edit
from nuages.agent.stack_config import StackConfig

OLDER = {"default": "DEFAULT_FILE_STORAGE", "staticfiles": "STATICFILES_STORAGE"}  # to Django 5.0


def static(edit: Edit, config: StackConfig) -> None:
    """collectstatic fills one folder, once, and the balancer serves it."""
    if not config.static:
        return
    edit.set("STATIC_ROOT", config.static, "filled once, served by the balancer")
    if _is_remote(str(edit.get("STATIC_URL") or "")):
        edit.set("STATIC_URL", "/static/", "the balancer serves them here")
    told = (edit.get("STORAGES") or {}).get(scratch_services.STATICS) or {}
    backend = str(told.get("BACKEND") or edit.get("STATICFILES_STORAGE") or "")
    if backend and not scratch_services.is_local_static(backend):
        _put_storage(edit, scratch_services.STATICS, {"BACKEND": scratch_services.STATIC},
                     "the balancer serves them from a folder")  # fmt: skip


def media(edit: Edit, config: StackConfig) -> None:
    """Uploads go to one folder that all replicas share, above the files there are already."""
    if not config.media:
        return
    why = "all replicas share this folder"
    os.makedirs(config.media, exist_ok=True)
    aliases = edit.get("STORAGES") or {}
    shared = {
        alias: scratch_services.storage(edit, alias, told, config.media)
        for alias, told in aliases.items()
        if alias != scratch_services.STATICS
    }
    for alias, told in shared.items():
        _put_storage(edit, alias, told, why)
    edit.set("MEDIA_ROOT", config.media, why)
    is_here = not {"MEDIA_ROOT", "STORAGES"} & set(config.keep)
    if is_here and (_is_remote(url := str(edit.get("MEDIA_URL") or "")) or not url.strip("/")):
        edit.set("MEDIA_URL", "/media/", "the balancer serves them here")


def _is_remote(url: str) -> bool:
    return "://" in url or url.startswith("//")


def _put_storage(edit: Edit, alias: str, told: dict[str, object], why: str) -> None:
    aliases = edit.get("STORAGES") or {}
    was = aliases.get(alias)
    if was == told or edit.keeps("STORAGES", why):
        return
    if edit.put("STORAGES", {**aliases, alias: told}):
        now, before = told.get("BACKEND", ""), (was or {}).get("BACKEND", "")
        edit.note(f"STORAGES[{alias!r}]", now, why, was=before)
    older = OLDER.get(alias, "")
    if older and edit.get(older):
        edit.put(older, told.get("BACKEND"))
