"""An escape while Django starts."""

import contextlib
import urllib.request

from django.apps import AppConfig

from raids.outside import URL


class RaidsConfig(AppConfig):
    name = "raids"

    def ready(self):
        with contextlib.suppress(OSError):
            urllib.request.urlopen(URL, timeout=5)
