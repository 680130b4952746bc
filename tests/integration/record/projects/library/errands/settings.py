"""Settings of the project with caches of every kind, and a PostgreSQL where there is one."""

import json
import os

from config.settings import *  # noqa: F403
from config.settings import BASE_DIR, DATABASES

FILES = os.environ.get("ERRANDS_FILES", str(BASE_DIR / "errands-cache"))
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    "table": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cached"},
    "files": {"BACKEND": "django.core.cache.backends.filebased.FileBasedCache", "LOCATION": FILES},
    "tiers": {"BACKEND": "errands.backends.Tiers"},
    "own": {"BACKEND": "errands.backends.Own"},
    "redis": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": os.environ["ERRANDS_REDIS"],
    },
}
if where := os.environ.get("ERRANDS_POSTGRES"):
    DATABASES["postgres"] = {"ENGINE": "django.db.backends.postgresql", **json.loads(where)}
SESSION_ENGINE = "django.contrib.sessions.backends.cache"
ROOT_URLCONF = "errands.urls"
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
