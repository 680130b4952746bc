"""Projects by their settings: what a process had, and the files that say so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.unit.rules.sources import code

from nuages.cases import Case
from nuages.model import Facts, FieldFacts, ModelFacts, Recording

LOCMEM = "django.core.cache.backends.locmem.LocMemCache"
FILES = "django.core.cache.backends.filebased.FileBasedCache"
DUMMY = "django.core.cache.backends.dummy.DummyCache"
REDIS = "django.core.cache.backends.redis.RedisCache"
ON_DISK = "django.core.files.storage.filesystem.FileSystemStorage"


def told(
    folder: Path | None = None,
    *,
    files: dict[str, str] | None = None,
    module: str = "config.settings",
    recording: Recording | None = None,
    apps: tuple[str, ...] = (),
    models: tuple[ModelFacts, ...] = (),
    by_default: tuple[str, ...] = (),
    **settings: Any,
) -> Case:
    """A project that ran with these settings, given explicitly unless they are by default."""
    facts = Facts(
        settings_module=module,
        settings=settings,
        explicit=frozenset(settings) - set(by_default),
        apps={name: name for name in apps},
        models=models,
    )
    if folder is None:
        return Case(recording or Recording(), facts)
    return Case(recording or Recording(), facts, code(folder, **(files or {})))


def caches(**backends: str) -> dict[str, dict[str, str]]:
    return {alias: {"BACKEND": backend} for alias, backend in backends.items()}


def written(setting: str, **backends: str) -> str:
    """The text of a settings file that gives them."""
    return f"{setting} = {caches(**backends)!r}\n"


def with_file(kind: str = "ImageField", file: str = "shop/models.py") -> ModelFacts:
    """A model with a field for files."""
    field = FieldFacts(name="photo", column="photo", kind=kind)
    return ModelFacts(label="shop.Product", table="shop_product", file=file, fields=(field,))
