"""A project that is at home on any database."""

import contextlib

with contextlib.suppress(ImportError):
    import pymysql

    pymysql.install_as_MySQLdb()

SECRET_KEY = "nothing to protect in here"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "plain",
]
MIDDLEWARE = ["django.contrib.sessions.middleware.SessionMiddleware"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "plain.sqlite3"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
