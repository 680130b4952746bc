"""The settings that facts keep: an allow-list by name, and the project's own values of them."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from nuages.record.settings_values import (
    REST,
    Read,
    backend,
    by_alias,
    cache,
    count,
    database,
    is_set,
    logging,
    name,
    names,
    plain,
    readable,
    scheme,
    some,
    templates,
    url,
)

MISSING = object()
KEPT: Mapping[str, Read] = {
    "DEBUG": plain,
    "MIDDLEWARE": names,
    "INSTALLED_APPS": names,
    "ROOT_URLCONF": name,
    "WSGI_APPLICATION": name,
    "ASGI_APPLICATION": name,
    "AUTH_USER_MODEL": name,
    "AUTHENTICATION_BACKENDS": names,
    "PASSWORD_HASHERS": names,
    "DEFAULT_AUTO_FIELD": name,
    "ALLOWED_HOSTS": count,
    "USE_TZ": plain,
    "USE_I18N": plain,
    "APPEND_SLASH": plain,
    "PREPEND_WWW": plain,
    "SECURE_SSL_REDIRECT": plain,
    "CSRF_USE_SESSIONS": plain,
    "USE_X_FORWARDED_HOST": plain,
    "DATABASES": by_alias(database),
    "DATABASE_ROUTERS": names,
    "CACHES": by_alias(cache),
    "CACHE_MIDDLEWARE_ALIAS": name,
    "CACHE_MIDDLEWARE_SECONDS": plain,
    "CACHE_MIDDLEWARE_KEY_PREFIX": is_set,
    "SESSION_ENGINE": name,
    "SESSION_CACHE_ALIAS": name,
    "SESSION_SAVE_EVERY_REQUEST": plain,
    "SESSION_FILE_PATH": is_set,
    "MESSAGE_STORAGE": name,
    "STORAGES": by_alias(backend),
    "DEFAULT_FILE_STORAGE": name,
    "STATICFILES_STORAGE": name,
    "MEDIA_ROOT": is_set,
    "MEDIA_URL": url,
    "STATIC_ROOT": is_set,
    "STATIC_URL": url,
    "FILE_UPLOAD_HANDLERS": names,
    "FILE_UPLOAD_MAX_MEMORY_SIZE": plain,
    "FILE_UPLOAD_TEMP_DIR": is_set,
    "DATA_UPLOAD_MAX_MEMORY_SIZE": plain,
    "WHITENOISE_AUTOREFRESH": plain,
    "WHITENOISE_USE_FINDERS": plain,
    "SILKY_INTERCEPT_PERCENT": plain,
    "EMAIL_BACKEND": name,
    "EMAIL_TIMEOUT": plain,
    "MAILERS": by_alias(backend),
    "LOGGING": logging,
    "LOGGING_CONFIG": name,
    "TEMPLATES": templates,
    "CHANNEL_LAYERS": by_alias(backend),
    "TASKS": by_alias(backend),
    "CELERY_BROKER_URL": scheme,
    "CELERY_RESULT_BACKEND": scheme,
    "CELERY_EMAIL_BACKEND": name,
    "CELERY_TASK_ALWAYS_EAGER": plain,
    "CELERY_ALWAYS_EAGER": plain,
    "CELERY_TASK_IGNORE_RESULT": plain,
    "REST_FRAMEWORK": lambda value: some(value, REST),
}
# Values that Django's test runner, and pytest-django, put in the place of the project's.
OF_TEST_RUNNERS = frozenset({"ALLOWED_HOSTS", "DEBUG", "EMAIL_BACKEND", "MAILERS"})
OLD_STORAGES = {"DEFAULT_FILE_STORAGE": "default", "STATICFILES_STORAGE": "staticfiles"}


class Settings:
    """A project's own settings, whatever nuages, tests or overrides have put in their place."""

    def __init__(self, settings: Any) -> None:
        self._holder = _innermost(settings)
        self.module = str(getattr(self._holder, "SETTINGS_MODULE", None) or "")
        self._file = vars(sys.modules[self.module]) if self.module in sys.modules else {}
        self._originals, self._missing = _overlaid()

    @property
    def changed(self) -> frozenset[str]:
        """Those that nuages' overlay has changed in this process."""
        return frozenset(self._originals)

    def own(self, setting: str) -> Any:
        """The project's value; MISSING where it has none."""
        if setting in self._originals:
            value = self._originals[setting]
            return MISSING if value is self._missing else value
        if setting in OF_TEST_RUNNERS and setting in self._file:
            return self._file[setting]
        return getattr(self._holder, setting, MISSING)

    def is_explicit(self, setting: str) -> bool:
        """Whether the project gives it, and not Django by default."""
        told = getattr(self._holder, "is_overridden", None)
        return bool(told(setting)) if callable(told) else setting in self._file


def _innermost(settings: Any) -> Any:
    """The settings below the overrides of tests; a library's object in their place is itself."""
    holder = getattr(settings, "_wrapped", None) or settings
    for _ in range(50):
        below = getattr(holder, "default_settings", None)
        if not hasattr(below, "is_overridden"):  # Django's global settings are a module
            break
        holder = below
    return holder


def _overlaid() -> tuple[dict[str, Any], Any]:
    """What nuages' overlay has replaced, and how it says that there was nothing."""
    overlay, changes = (sys.modules.get(f"nuages.agent.{part}") for part in ("overlay", "changes"))
    return (overlay.originals(), changes.MISSING) if overlay and changes else ({}, None)


def kept(settings: Settings) -> tuple[dict[str, Any], frozenset[str]]:
    """Name → JSON value of the settings that are kept, and the names of those given explicitly.

    What cannot be read is left out: it is not known.
    """
    found: dict[str, Any] = {}
    explicit = set()
    for setting, read in KEPT.items():
        value = settings.own(setting)
        if value is MISSING:
            continue
        for kept_value in readable(read, [value]):
            found[setting] = kept_value
            if settings.is_explicit(setting):
                explicit.add(setting)
    if "MAILERS" in found:  # since Django 6.1; what it replaces is not looked at any more
        found = {key: value for key, value in found.items() if not key.startswith("EMAIL_")}
    _move_old_storages(found, explicit)
    return found, frozenset(explicit & found.keys())


def _move_old_storages(found: dict[str, Any], explicit: set[str]) -> None:
    """Until Django 5.0 these settings win over STORAGES."""
    for setting, alias in OLD_STORAGES.items():
        told = found.pop(setting, None)
        if told and setting in explicit and "STORAGES" not in explicit:
            storages = {**found.get("STORAGES", {}), alias: {"BACKEND": told}}
            found["STORAGES"] = dict(sorted(storages.items()))
    if explicit & OLD_STORAGES.keys():
        explicit.add("STORAGES")
