"""Cache backends of the project's own."""

from django.core.cache import caches
from django.core.cache.backends.base import BaseCache


class Tiers(BaseCache):
    """Asks two others, one after the other."""

    def __init__(self, location, params):
        super().__init__(params)

    def get(self, key, default=None, version=None):
        return caches["default"].get(key) or caches["files"].get(key, default)

    def set(self, key, value, timeout=None, version=None):
        caches["default"].set(key, value)
        caches["files"].set(key, value)


class Own:
    """No subclass of Django's, and without a place for what others would note on it."""

    __slots__ = ("values",)

    def __init__(self, location, params):
        self.values = {}

    def get(self, key, default=None):
        return self.values.get(key, default)

    def set(self, key, value):
        self.values[key] = value

    def close(self):
        pass
