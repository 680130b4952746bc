"""Of settings only what is listed is kept, and of that nothing which would have to be secret."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from nuages.agent import changes, overlay
from nuages.record.settings import KEPT, Settings, kept

SECRETS = ("hunter2", "sk_live", "db.internal", "admin_user", "/srv/secret")


class Holder(SimpleNamespace):
    """What Django's Settings object is: a name, values, and which of them are the project's."""

    SETTINGS_MODULE = "unheard.of.settings"

    def is_overridden(self, name: str) -> bool:
        return name in vars(self)


def told(**values: Any) -> dict[str, Any]:
    return kept(Settings(Holder(**values)))[0]


class TestValues:
    def test_what_is_not_listed_is_not_kept(self):
        assert told(SECRET_KEY="hunter2", STRIPE_TOKEN="sk_live_1", EMAIL_HOST_PASSWORD="x") == {}

    def test_all_of_it_is_json_and_no_secret_is_in_it(self):
        address = "redis://admin_user:hunter2@db.internal:6379/1"
        values = told(
            DEBUG=True,
            ALLOWED_HOSTS=["db.internal", "b"],
            DATABASES={
                "default": {
                    "ENGINE": "django.db.backends.postgresql",
                    "NAME": "sk_live", "USER": "admin_user", "PASSWORD": "hunter2",
                    "HOST": "db.internal", "PORT": 5432,
                    "OPTIONS": {"passfile": "/srv/secret", "isolation_level": 3,
                                "pool": {"min_size": 2, "dsn": "hunter2"},
                                "options": "-c search_path=hunter2"},
                },
            },
            CACHES={"default": {"BACKEND": "a.b.C", "LOCATION": [address], "KEY_PREFIX": "sk_live",
                                "OPTIONS": {"PASSWORD": "hunter2"}}},
            CELERY_BROKER_URL=address,
            MEDIA_URL="https://db.internal/hunter2/",
            MEDIA_ROOT=Path("/srv/secret"),
            TEMPLATES=[{"BACKEND": "x.Y", "DIRS": ["/srv/secret"], "OPTIONS": {
                "loaders": [("django.template.loaders.locmem.Loader", {"a.html": "hunter2"})]}}],
            LOGGING={"handlers": {"sentry": {"class": "x.Y", "dsn": "hunter2"}},
                     "loggers": {"django": {"handlers": ["sentry"], "level": "INFO"}}},
            SESSION_ENGINE="hunter2 and a sentence",
            REST_FRAMEWORK={"PAGE_SIZE": 50, "SEARCH_PARAM": "hunter2"},
        )  # fmt: skip
        text = json.dumps(values)
        assert not [secret for secret in SECRETS if secret in text]
        assert "SESSION_ENGINE" not in values
        assert values["ALLOWED_HOSTS"] == 2
        assert values["CELERY_BROKER_URL"] == "redis"
        assert (values["MEDIA_ROOT"], values["MEDIA_URL"]) == (True, "remote")
        assert values["REST_FRAMEWORK"] == {"PAGE_SIZE": 50}
        [engine] = values["TEMPLATES"]
        assert engine["DIRS"] == 1
        assert engine["OPTIONS"] == {"loaders": [["django.template.loaders.locmem.Loader", []]]}

    def test_a_database(self):
        values = told(
            DATABASES={
                "default": {"ENGINE": "django.db.backends.postgresql", "NAME": "shop",
                            "HOST": "10.0.0.7", "PORT": "6432", "CONN_MAX_AGE": None,
                            "OPTIONS": {"pool": True, "sslmode": "require", "sslrootcert": "x"}},
                "file": {"ENGINE": "django.db.backends.sqlite3", "NAME": Path("/data/db.sqlite3")},
            }
        )["DATABASES"]  # fmt: skip
        assert values["default"] == {
            "ENGINE": "django.db.backends.postgresql", "NAME": "name", "HOST": "remote",
            "PORT": "6432", "CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": False,
            "ATOMIC_REQUESTS": False, "AUTOCOMMIT": True, "DISABLE_SERVER_SIDE_CURSORS": False,
            "OPTIONS": {"pool": True, "sslmode": "require", "sslrootcert": None},
        }  # fmt: skip
        assert (values["file"]["NAME"], values["file"]["CONN_MAX_AGE"]) == ("file", 0)

    @pytest.mark.parametrize(
        ("host", "kind"),
        [("", ""), ("localhost", "local"), ("127.0.0.1", "local"), ("/run/postgresql", "unix"),
         ("db", "remote"), ("a.example,b.example", "remote")],
    )  # fmt: skip
    def test_where_a_database_is(self, host, kind):
        values = told(DATABASES={"default": {"ENGINE": "x.y", "HOST": host}})
        assert values["DATABASES"]["default"]["HOST"] == kind

    @pytest.mark.parametrize(
        ("location", "kind"),
        [(None, ""), ("", ""), ("unique-snowflake", "name"), ("/var/tmp/cache", "path"),
         ("127.0.0.1:11211", "local"), ("unix:/tmp/memcached.sock", "unix"),
         ("redis://localhost:6379/1", "local"), ("rediss://:pw@cache.example:6380", "remote"),
         (["redis://localhost:6379", "redis://replica:6379"], "remote"), ("cache:11211", "remote"),
         ("redis+socket:///run/redis.sock", "unix")],
    )  # fmt: skip
    def test_where_a_cache_is(self, location, kind):
        values = told(CACHES={"default": {"BACKEND": "x.Y", "LOCATION": location}})
        assert values["CACHES"]["default"]["LOCATION"] == kind

    @pytest.mark.parametrize(
        ("url", "kept_url"),
        [("/static/", "/static/"), ("static/", "static/"), ("", ""), (None, ""),
         ("//cdn.example/x/", "remote"), ("https://cdn.example/", "remote"), ("/a b?c", "path")],
    )  # fmt: skip
    def test_urls(self, url, kept_url):
        assert told(STATIC_URL=url)["STATIC_URL"] == kept_url

    def test_loggers_with_what_their_handlers_are(self):
        logging = {
            "filters": {"on": {"()": "django.utils.log.RequireDebugTrue"}},
            "handlers": {"console": {"class": "logging.StreamHandler", "level": 10,
                                     "filters": ["on"]}},
            "loggers": {"django.db.backends": {"level": "debug", "handlers": ["console", "gone"]},
                        "shop": {"level": "DEBUG"}},
            "root": {"level": "WARNING"},
        }  # fmt: skip
        assert told(LOGGING=logging)["LOGGING"]["loggers"] == {
            "django.db.backends": {
                "level": "DEBUG",
                "handlers": [
                    {
                        "level": "DEBUG",
                        "class": "logging.StreamHandler",
                        "filters": ["django.utils.log.RequireDebugTrue"],
                    }
                ],
            },
            "root": {"level": "WARNING", "handlers": []},
        }

    def test_objects_stand_for_their_classes(self):
        values = told(DATABASE_ROUTERS=[Holder(), "shop.routers.Primary", Holder])
        own = f"{__name__}.Holder"
        assert values["DATABASE_ROUTERS"] == [own, "shop.routers.Primary", own]

    @pytest.mark.parametrize(
        "values",
        [{"DATABASES": "sqlite://"}, {"MIDDLEWARE": "one"}, {"TEMPLATES": 3}, {"DEBUG": "yes, do"},
         {"CACHES": None}, {"LOGGING": []}, {"ALLOWED_HOSTS": None}, {"REST_FRAMEWORK": 1}],
    )  # fmt: skip
    def test_what_is_of_another_kind_is_not_known(self, values):
        assert told(**values) == {}

    def test_the_older_storages_are_in_the_newer_setting(self):
        values, explicit = kept(
            Settings(Holder(DEFAULT_FILE_STORAGE="storages.backends.s3boto3.S3Boto3Storage"))
        )
        assert values["STORAGES"]["default"]["BACKEND"].endswith("S3Boto3Storage")
        assert "DEFAULT_FILE_STORAGE" not in values
        assert explicit == {"STORAGES"}

    def test_mail_settings_that_mailers_replace_are_left_out(self):
        values = told(MAILERS={"default": {"BACKEND": "a.B"}}, EMAIL_BACKEND="x.Y")
        assert values == {"MAILERS": {"default": {"BACKEND": "a.B"}}}

    def test_every_setting_is_documented(self):
        docs = Path(__file__).resolve().parents[3] / "docs" / "explanation" / "facts.md"
        text = docs.read_text("utf-8")
        assert not [name for name in KEPT if f"`{name}`" not in text]


class TestWhose:
    def test_what_tests_override_is_not_the_project_s(self):
        below = Holder(DEBUG=False)
        over = SimpleNamespace(default_settings=below, DEBUG=True, is_overridden=lambda _: True)
        assert kept(Settings(SimpleNamespace(_wrapped=over)))[0] == {"DEBUG": False}

    def test_what_a_test_runner_sets_is_not(self, monkeypatch):
        module = ModuleType("shop_settings")
        vars(module).update(DEBUG=True, USE_TZ=True)
        monkeypatch.setitem(sys.modules, "shop_settings", module)
        holder = Holder(SETTINGS_MODULE="shop_settings", DEBUG=False, USE_TZ=False)
        assert kept(Settings(holder))[0] == {"DEBUG": True, "USE_TZ": False}

    def test_what_the_overlay_has_changed_is_not(self, monkeypatch):
        originals = {"DEBUG": True, "EMAIL_BACKEND": changes.MISSING}
        monkeypatch.setattr(overlay, "originals", lambda: originals)
        own = Settings(Holder(DEBUG=False, EMAIL_BACKEND="nuages.Mail"))
        assert kept(own)[0] == {"DEBUG": True}
        assert own.changed == {"DEBUG", "EMAIL_BACKEND"}

    def test_settings_of_a_library_in_the_place_of_django_s(self):
        assert kept(Settings(SimpleNamespace(DEBUG=True))) == ({"DEBUG": True}, frozenset())
