"""One request, in a process of its own."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")
django.setup()

from django.test import Client, override_settings  # noqa: E402

with override_settings(ALLOWED_HOSTS=["*"], USE_TZ=False, CACHES={}):
    assert Client().get("/").content == b"first"
