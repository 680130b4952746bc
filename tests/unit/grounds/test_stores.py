"""Whose rows a library would keep, and what the settings say of its cache."""

from __future__ import annotations

import pytest

from nuages.grounds.stores import advice_of_store

DUMMY = "django.core.cache.backends.dummy.DummyCache"
REDIS = "django.core.cache.backends.redis.RedisCache"


def caches(backend: str, alias: str = "default") -> dict[str, object]:
    return {"CACHES": {alias: {"BACKEND": backend}}}


@pytest.mark.parametrize(
    ("table", "call"),
    [
        ("django_content_type", "ContentType.objects.get_for_model(Model)"),
        ("django_site", "Site.objects.get_current()"),
        ("wagtailcore_site", "Site.find_for_request(request)"),
    ],
)
def test_a_call_that_keeps_what_it_found(table, call):
    advice = advice_of_store(table, "get", {})
    assert advice is not None
    assert (advice.kind, call in advice.hint) == ("cache", True)


def test_a_cache_that_keeps_nothing():
    advice = advice_of_store("waffle_flag", "get", caches(DUMMY))
    assert advice is not None
    assert 'keeps its rows in CACHES["default"], which keeps nothing' in advice.hint


def test_a_cache_of_another_name():
    settings = {**caches(DUMMY, "flags"), "WAFFLE_CACHE_NAME": "flags"}
    advice = advice_of_store("waffle_flag", "get", settings)
    assert advice is not None
    assert 'CACHES["flags"]' in advice.hint


@pytest.mark.parametrize(
    ("table", "method", "setting"),
    [
        ("constance_constance", "get", "CONSTANCE_DATABASE_CACHE_BACKEND"),
        ("shop_configuration", "get_solo", "SOLO_CACHE"),
    ],
)
def test_a_library_that_has_no_cache_unless_it_is_given_one(table, method, setting):
    advice = advice_of_store(table, method, caches(REDIS))
    assert advice is not None
    assert advice.hint.startswith(f'set {setting} = "default"')
    assert advice.kind == "setting"


def test_a_cache_that_works():
    advice = advice_of_store("waffle_flag", "get", caches(REDIS))
    assert advice is not None
    assert advice.hint.startswith("look first at waffle's cache")


def test_settings_that_are_not_known():
    advice = advice_of_store("waffle_flag", "get", {})
    assert advice is not None
    assert advice.hint.startswith("look first at")


@pytest.mark.parametrize("table", ["shop_site", "blog_post", ""])
def test_nothing_of_other_tables(table):
    assert advice_of_store(table, "get", caches(DUMMY)) is None
