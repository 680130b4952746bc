"""Settings of caches, mail, files and queues, on scratch ones inside this process."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from importlib.util import find_spec
from typing import Any

from nuages.agent.changes import Edit
from nuages.agent.scratch_apps import SETTINGS, Rule
from nuages.agent.sources import text_of

Service = Callable[[Edit, str | None], None]

CACHE = "nuages.agent.scratch_cache.ScratchCache"
MAIL = "nuages.agent.scratch_mail.EmailBackend"
STORAGE = "nuages.agent.scratch_storage.ScratchStorage"
STATICS = "staticfiles"
STATIC = "django.contrib.staticfiles.storage.StaticFilesStorage"
CACHE_KEPT = frozenset({"TIMEOUT", "KEY_PREFIX", "VERSION", "KEY_FUNCTION"})
CACHE_ENTRIES = 100_000  # locmem's default of 300 would evict what a real cache keeps
HOSTS = ("testserver", "localhost", "127.0.0.1", "[::1]")
LOCAL_STATIC = re.compile(r"(django|whitenoise|pipeline|compressor)\.")
REMOTE_SESSIONS = re.compile(r"redis|memcache|dynamo|mongo", re.IGNORECASE)
REMOTE_LOG = re.compile(
    r"watchtower|graypy|logstash|loki|sentry|raven|fluent|google\.cloud|rollbar|slack|syslog"
    r"|papertrail|logdna|loggly|datadog|opentelemetry|SocketHandler|DatagramHandler|HTTPHandler"
    r"|SMTPHandler",
    re.IGNORECASE,
)
URL = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
LOCAL_RESULTS = re.compile(r"(django-db|django-cache|cache\+memory://|file://|disabled|rpc://$)")
TRACKER = re.compile(r"SENTRY|RAVEN|GLITCHTIP|HONEYBADGER|OPBEAT|BUGSNAG")
REMOTE_FILES = re.compile(
    r"\b(boto\w*|s3\w*|storages\.backends|gcloud|google\.cloud|azure|dropbox|s?ftp|libcloud"
    r"|cloudinary|minio\w*|swift|b2sdk|oss2)\b",
    re.IGNORECASE,
)


def caches(edit: Edit, _: str | None) -> None:
    """Every alias in memory, with its own prefix, version and key function."""
    aliases = edit.get("CACHES") or {}
    _set_all(edit, "CACHES", aliases, {a: _cache(a, c) for a, c in aliases.items()}, "no server")


def _cache(alias: str, cache: Mapping[str, Any]) -> dict[str, Any]:
    if str(cache.get("BACKEND", "")).endswith(("DummyCache", ".LocMemCache", "ScratchCache")):
        return dict(cache)
    kept = {key: value for key, value in cache.items() if key in CACHE_KEPT}
    options = {"MAX_ENTRIES": CACHE_ENTRIES}
    return {**kept, "BACKEND": CACHE, "LOCATION": f"nuages-{alias}", "OPTIONS": options}


def sessions(edit: Edit, _: str | None) -> None:
    """Sessions of a server of their own go to the cache; Django's engines follow its settings."""
    if REMOTE_SESSIONS.search(engine := str(edit.get("SESSION_ENGINE", ""))) and engine:
        edit.set("SESSION_ENGINE", "django.contrib.sessions.backends.cache", "no server")


def mail(edit: Edit, _: str | None) -> None:
    """Mail is kept in the outbox, and told to the ledger."""
    why = "mail is kept, not sent"
    if mailers := edit.get("MAILERS"):  # since Django 6.1
        _set_all(edit, "MAILERS", mailers, {alias: {"BACKEND": MAIL} for alias in mailers}, why)
        return
    edit.set("EMAIL_BACKEND", MAIL, why)


def storages(edit: Edit, scratch: str | None) -> None:
    """Uploads go to a scratch folder, above the files that are there already."""
    folder = os.path.join(_folder(scratch), "media")
    os.makedirs(folder, exist_ok=True)  # its owner has made the one that it stands for
    media = str(edit.get("MEDIA_ROOT") or "")
    aliases = edit.get("STORAGES") or {}
    scratched = {alias: storage(edit, alias, told, folder) for alias, told in aliases.items()}
    why = dict.fromkeys(aliases, "files stay in the scratch folder")
    why[STATICS] = "its manifest is missing, or it is another machine's"
    _set_all(edit, "STORAGES", aliases, scratched, why)
    for setting, alias in (("DEFAULT_FILE_STORAGE", "default"), ("STATICFILES_STORAGE", STATICS)):
        if edit.get(setting) and alias in scratched:  # until Django 5.0
            edit.put(setting, scratched[alias]["BACKEND"])
    if media != folder:
        edit.set("MEDIA_ROOT", folder, "files stay in the scratch folder")


def storage(edit: Edit, alias: str, told: Mapping[str, Any], folder: str) -> dict[str, Any]:
    """What stands for one storage: files below `folder`, above those there are already."""
    backend, options = str(told.get("BACKEND", "")), told.get("OPTIONS") or {}
    if alias == STATICS:
        return dict(told) if _static_works(edit, backend) else {"BACKEND": STATIC}
    if backend in (STORAGE, "django.core.files.storage.InMemoryStorage"):
        return dict(told)
    if _writes_files(backend):
        return dict(told)  # the project's own subclass; it follows MEDIA_ROOT
    local = "FileSystemStorage" in backend
    own = options.get("location") or (edit.get("MEDIA_ROOT") if alias == "default" else "")
    here = {
        "location": "" if alias == "default" else os.path.join(folder, alias),
        "below": str(own or "") if local else "",
        "base_url": options.get("base_url") if local else None,
    }
    return {"BACKEND": STORAGE, "OPTIONS": {key: value for key, value in here.items() if value}}


def _writes_files(backend: str) -> bool:
    text = "" if backend.startswith("django.") else text_of(backend.rpartition(".")[0]) or ""
    return "FileSystemStorage" in text and not REMOTE_FILES.search(text)


def is_local_static(backend: str) -> bool:
    """Whether a storage of static files writes to this machine."""
    text = text_of(backend.rpartition(".")[0]) or ""
    return bool(LOCAL_STATIC.match(backend)) or bool(text and not REMOTE_FILES.search(text))


def _static_works(edit: Edit, backend: str) -> bool:
    if not is_local_static(backend):
        return False
    text = text_of(backend.rpartition(".")[0]) or ""
    manifest = os.path.join(str(edit.get("STATIC_ROOT") or ""), "staticfiles.json")
    needed = "Manifest" in backend or (not LOCAL_STATIC.match(backend) and "Manifest" in text)
    return not needed or os.path.exists(manifest)


def celery(edit: Edit, _: str | None) -> None:
    """Tasks go to a queue in memory that nobody reads; results are not kept."""
    for name in edit.names():
        value = edit.get(name)
        if not isinstance(value, str) or not value:
            continue
        if name.endswith(("BROKER_URL", "BROKER_READ_URL", "BROKER_WRITE_URL")):
            edit.set(name, "memory://", "no task is sent")
        elif name.endswith("RESULT_BACKEND") and not LOCAL_RESULTS.match(value):
            edit.set(name, "cache+memory://", "no result is kept")
    if find_spec("celery"):  # it reads these before any configuration
        edit.environ("CELERY_BROKER_URL", "memory://", "no task is sent")
        edit.environ("CELERY_RESULT_BACKEND", "cache+memory://", "no result is kept")


def trackers(edit: Edit, _: str | None) -> None:
    """Error trackers get no address."""
    why = "nothing is reported"
    for name in edit.names():
        value = edit.get(name)
        if not TRACKER.search(name):
            continue
        if name.endswith("DSN") and isinstance(value, str):
            edit.set(name, "", why)
        elif isinstance(value, dict) and (found := {"dsn", "DSN"} & value.keys()):
            edit.set(name, {**value, **dict.fromkeys(found, "")}, why)
    sentry = sys.modules.get("sentry_sdk")
    if sentry is not None and _is_active(sentry):  # settings modules start it themselves
        sentry.init(dsn="")
        edit.note("sentry_sdk", "started without an address", why)


def _is_active(sentry: Any) -> bool:
    client = sentry.get_client() if hasattr(sentry, "get_client") else sentry.Hub.current.client
    return bool(client and client.dsn)


def logs(edit: Edit, scratch: str | None) -> None:
    """Log files go to the scratch folder, log servers get nothing."""
    logging = edit.get("LOGGING") or {}
    handlers = logging.get("handlers") or {}
    quiet = {name: _log_handler(told, _folder(scratch)) for name, told in handlers.items()}
    if quiet != handlers:
        edit.put("LOGGING", {**logging, "handlers": quiet})
        for name, told in quiet.items():
            if told != handlers[name]:
                edit.note(
                    f"LOGGING handler {name}", told.get("filename") or told["class"],
                    "logs stay in the scratch folder",
                    was=handlers[name].get("filename") or handlers[name].get("class"),
                )  # fmt: skip


def _log_handler(told: Mapping[str, Any], scratch: str) -> dict[str, Any]:
    if isinstance(told.get("filename"), str | os.PathLike):
        folder = os.path.join(scratch, "logs")
        os.makedirs(folder, exist_ok=True)
        return {**told, "filename": os.path.join(folder, os.path.basename(told["filename"]))}
    if REMOTE_LOG.search(str(told.get("class", ""))):
        kept = {key: told[key] for key in ("level", "filters") if key in told}
        return {**kept, "class": "logging.NullHandler"}
    return dict(told)


def requests(edit: Edit, _: str | None) -> None:
    """Requests come from here, over plain HTTP."""
    allowed = list(edit.get("ALLOWED_HOSTS") or ())
    if "*" not in allowed and (missing := [host for host in HOSTS if host not in allowed]):
        edit.set("ALLOWED_HOSTS", [*allowed, *missing], "requests are made from here")
    for name in ("SECURE_SSL_REDIRECT", "PREPEND_WWW"):
        if edit.get(name):
            edit.set(name, False, "every answer would be a redirect")
    if not edit.get("SECRET_KEY"):
        edit.set("SECRET_KEY", "nuages-scratch-key-of-this-run-only", "it was empty")


def apps(edit: Edit, _: str | None) -> None:
    """Settings of well-known apps that would otherwise ask a server."""
    apply_rules(edit, SETTINGS)


def apply_rules(edit: Edit, rules: Iterable[Rule]) -> None:
    """Set what the rules say, of those whose app or setting there is."""
    installed = {str(app).partition(".")[0] for app in edit.get("INSTALLED_APPS") or ()}
    for rule in rules:
        value = edit.get(rule.setting)
        if value is None and not (rule.unset_too and rule.app in installed):
            continue
        replaced = _replaced(rule, value)
        if replaced != value:
            edit.set(rule.setting, replaced, rule.why)


def _replaced(rule: Rule, value: Any) -> Any:
    return rule.value(value) if callable(rule.value) else rule.value


def _set_all(
    edit: Edit,
    setting: str,
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    why: str | Mapping[str, str],
) -> None:
    if not edit.put(setting, new):
        return
    for alias, told in new.items():
        if told != old[alias]:
            was, now = old[alias].get("BACKEND", ""), told.get("BACKEND", "")
            reason = why if isinstance(why, str) else why[alias]
            edit.note(f"{setting}[{alias!r}]", now, reason, was=was)


def _folder(scratch: str | None) -> str:
    return scratch or os.path.join(tempfile.gettempdir(), f"nuages-child-{os.getpid()}")


SERVICES: tuple[Service, ...] = (
    requests, caches, sessions, mail, storages, celery, trackers, logs, apps,
)  # fmt: skip
