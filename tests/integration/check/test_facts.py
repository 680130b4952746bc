"""What a recorded process says of its settings and models."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from nuages import store
from nuages.agent.attach import AttachConfig
from nuages.attach import prepare
from nuages.model import Facts, ModelFacts


def facts(shop: Path, *command: str, **config: object) -> Facts:
    """The facts of one recorded command."""
    spool = shop.parent / "spool"
    scratch = shop.parent / "scratch"
    for folder in (spool, scratch):
        folder.mkdir(exist_ok=True)
    told = AttachConfig(
        **{"roots": {".": str(shop)}, "mode": "light", "spool": str(spool), **config}
    )
    variables = {n: v for n, v in os.environ.items() if n != "DJANGO_SETTINGS_MODULE"}
    base = {**variables, "SHOP_SECRET": "hunter2", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, *command],
        cwd=shop,
        env={**base, **prepare(scratch, told, base)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    recording = store.fold(spool)
    assert "recorder_faults" not in recording.meta, recording.meta
    store.write(recording, shop.parent / "r.sqlite")
    read = store.read(shop.parent / "r.sqlite")
    assert read.facts == recording.facts
    return read.facts


def model(found: Facts, label: str) -> ModelFacts:
    seen = found.model(label)
    assert seen is not None
    return seen


class TestOneRequest:
    @pytest.fixture
    def found(self, shop: Path) -> Facts:
        return facts(shop, "ask.py")

    def test_settings_are_the_project_s_own_below_those_of_a_test(self, found: Facts) -> None:
        assert found.settings_module == "config.settings.production"
        assert found.settings["USE_TZ"] is True
        assert found.settings["ALLOWED_HOSTS"] == 1
        assert found.settings["CACHES"]["default"]["LOCATION"] == "remote"
        assert found.settings["DATABASES"]["default"]["CONN_MAX_AGE"] == 60
        assert found.settings["TEMPLATES"][0]["OPTIONS"]["loaders"]

    def test_what_it_gives_itself_is_told_from_defaults(self, found: Facts) -> None:
        assert {"CACHES", "DATABASES", "DEBUG", "MIDDLEWARE"} <= found.explicit
        assert not found.explicit & {"SESSION_ENGINE", "MESSAGE_STORAGE", "CELERY_BROKER_URL"}
        assert found.settings["SESSION_ENGINE"] == "django.contrib.sessions.backends.db"
        assert found.changed == frozenset()

    def test_no_secret_is_anywhere_in_it(self, found: Facts) -> None:
        assert "hunter2" not in repr(found)
        assert "shop.internal" not in repr(found)

    def test_models_and_where_they_stand(self, found: Facts) -> None:
        order = model(found, "orders.Order")
        assert (order.table, order.file, order.line) == ("orders_order", "orders/models.py", 18)
        assert [field.name for field in order.fields] == ["id", "created", "number"]
        number = order.fields[2]
        assert (number.kind, number.is_indexed, number.is_unique) == ("IntegerField", True, False)
        assert order.fields[0].is_primary
        assert model(found, "auth.User").file == ""
        link = model(found, "orders.Order_tags")
        assert [field.to for field in link.fields] == ["", "orders.Order", "orders.Tag"]

    def test_a_child_table_and_a_proxy(self, found: Facts) -> None:
        paid = model(found, "orders.PaidOrder")
        assert paid.parents == ("orders.Order",)
        assert [field.name for field in paid.fields] == ["order_ptr", "paid"]
        old = model(found, "orders.OldOrder")
        assert old.is_proxy
        assert [field.name for field in old.fields] == ["id", "created", "number"]

    def test_whose_code_runs_on_a_write(self, found: Facts) -> None:
        assert model(found, "orders.Order").signals == ("post_save", "m2m_changed")
        assert model(found, "orders.Order").overrides == ("save", "clean")
        assert model(found, "orders.Tag").signals == ("post_delete",)
        assert model(found, "orders.Tag").overrides == ()
        assert model(found, "auth.Permission").signals == ()

    def test_apps_in_their_order(self, found: Facts) -> None:
        assert list(found.apps)[-1] == "orders"
        assert found.apps["django.contrib.auth"] == "auth"


def test_below_the_overlay_settings_are_the_project_s_own(shop: Path) -> None:
    databases = shop.parent / "databases"
    databases.mkdir()
    overlay = {"sqlite": {"prefix": "nuages_x", "dir": str(databases)}, "services": True}
    found = facts(shop, "manage.py", "migrate", "--run-syncdb", overlay=overlay,
                  scratch=str(shop.parent / "scratch"))  # fmt: skip
    assert {"CACHES", "DATABASES", "EMAIL_BACKEND"} <= found.changed
    assert found.settings["DATABASES"]["default"]["ENGINE"] == "django.db.backends.postgresql"
    assert found.settings["DATABASES"]["default"]["HOST"] == "remote"
    assert found.settings["CACHES"]["default"]["BACKEND"].endswith("redis.RedisCache")
    assert found.settings["ALLOWED_HOSTS"] == 1
    assert found.server == "manage.py migrate"
    assert "DATABASES" in found.explicit


def test_a_process_that_never_loads_settings_says_nothing(shop: Path) -> None:
    (shop / "plain.py").write_text(
        "import django.conf\nassert not django.conf.settings.configured\n"
    )
    assert facts(shop, "plain.py") == Facts()


def test_settings_that_a_program_configures_itself(shop: Path) -> None:
    (shop / "own.py").write_text(
        "import django\n"
        "from django.conf import settings\n"
        "settings.configure(DEBUG=True, INSTALLED_APPS=['django.contrib.auth',"
        " 'django.contrib.contenttypes'])\n"
        "django.setup()\n"
    )
    found = facts(shop, "own.py")
    assert found.settings_module == ""
    assert found.settings["DEBUG"] is True
    assert found.explicit == {"DEBUG", "INSTALLED_APPS"}
    assert found.model("auth.User") is not None
