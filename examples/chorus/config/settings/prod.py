import os

from config import env

from .base import *  # noqa: F403
from .base import BASE_DIR, DATABASES

SECRET_KEY = env.text("SECRET_KEY")
CSRF_TRUSTED_ORIGINS = env.names("CSRF_TRUSTED_ORIGINS", "https://chorus.example")
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True

DATABASES["default"]["CONN_MAX_AGE"] = 600
if "DATABASE_REPLICA_URL" in os.environ:
    DATABASES["replica"] = env.database("DATABASE_REPLICA_URL", base=BASE_DIR)
    DATABASE_ROUTERS = ["config.routers.ReplicaRouter"]

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": "/var/tmp/chorus-cache",
    },
}

EMAIL_HOST = env.text("EMAIL_HOST", "localhost")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "django.request": {"level": "WARNING"},
        "django.db.backends": {"level": "DEBUG"},
    },
}
