"""The app, and its signals."""

from django.apps import AppConfig


class FestivalConfig(AppConfig):
    name = "festival"

    def ready(self):
        from festival import signals  # noqa: F401
