"""One PostgreSQL; each process has a single connection where NARROW_POOL is set."""

import os

SECRET_KEY = "a test's"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "narrow.urls"
USE_TZ = True
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes"]
POOL = {"pool": {"min_size": 1, "max_size": 1}} if "NARROW_POOL" in os.environ else {}
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "narrow",
        "CONN_MAX_AGE": 0 if POOL else 60,
        "OPTIONS": POOL,
    }
}
