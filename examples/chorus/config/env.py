"""Settings from the environment."""

import os
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

ENGINES = {
    "sqlite": "django.db.backends.sqlite3",
    "postgres": "django.db.backends.postgresql",
    "postgresql": "django.db.backends.postgresql",
}


def text(name, default=None):
    value = os.environ.get(name, default)
    if value is None:
        raise ImproperlyConfigured(f"Set the environment variable {name}.")
    return value


def boolean(name, default=False):
    return os.environ.get(name, str(default)).strip().lower() in {"1", "true", "yes", "on"}


def integer(name, default):
    return int(os.environ.get(name, default))


def names(name, default=""):
    return [part.strip() for part in os.environ.get(name, default).split(",") if part.strip()]


def database(name, default=None, base=Path(".")):
    """The DATABASES entry for a URL such as postgres://user:password@host:5432/chorus."""
    url = urlsplit(text(name, default))
    if url.scheme not in ENGINES:
        raise ImproperlyConfigured(f"{name}: unknown scheme {url.scheme!r}.")
    if url.scheme == "sqlite":
        path = unquote(url.path)[1:]
        return {"ENGINE": ENGINES["sqlite"], "NAME": path if path == ":memory:" else base / path}
    query = dict(parse_qsl(url.query))
    return {
        "ENGINE": ENGINES[url.scheme],
        "NAME": unquote(url.path).lstrip("/"),
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
        "HOST": query.pop("host", url.hostname or ""),
        "PORT": str(url.port or query.pop("port", "")),
        "OPTIONS": query,
    }
