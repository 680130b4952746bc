from __future__ import annotations

import pytest

from nuages.topology import detect

CELERY = "from celery import Celery\n\napp = Celery('shop')\n"


def project(tmp_path, **files):
    for name, text in files.items():
        path = tmp_path / name.replace("__", "/")
        path = path.with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return tmp_path


class TestQueues:
    def test_celery_beside_the_settings(self, tmp_path):
        root = project(tmp_path, shop__celery=CELERY)
        workers, schedules = detect.queues(root, "shop.settings", [""])
        assert workers["celery"][:4] == ("celery", "-A", "shop.celery", "worker")
        assert schedules == {}

    def test_a_schedule_where_one_is_written(self, tmp_path):
        root = project(tmp_path, shop__celery=CELERY)
        _, schedules = detect.queues(root, "shop.settings", ["CELERY_BEAT_SCHEDULE = {}"])
        assert schedules["beat"][3] == "beat"

    @pytest.mark.parametrize(
        ("settings", "command"),
        [
            ('INSTALLED_APPS = ["django_rq"]', "rqworker"),
            ('TASKS = {"default": {"BACKEND": "django_tasks.backends.database.DatabaseBackend"}}',
             "db_worker"),
            ('INSTALLED_APPS = ["django_tasks_db"]', "db_worker"),
        ],
    )  # fmt: skip
    def test_consumers_that_are_management_commands(self, tmp_path, settings, command):
        workers, _ = detect.queues(tmp_path, "shop.settings", [settings])
        assert any(command in words for words in workers.values())

    @pytest.mark.parametrize("text", ["", "# celery is not used", "x = MyCelery('shop')"])
    def test_nothing_where_there_is_none(self, tmp_path, text):
        root = project(tmp_path, shop__celery=text)
        assert detect.queues(root, "shop.settings", ["INSTALLED_APPS = []"]) == ({}, {})


class TestAsynchronous:
    def test_a_router_of_protocols(self, tmp_path):
        root = project(tmp_path, shop__asgi="application = ProtocolTypeRouter({})")
        assert detect.is_async(root, "shop.asgi:application")

    def test_what_startproject_writes_is_not(self, tmp_path):
        root = project(tmp_path, shop__asgi="application = get_asgi_application()")
        assert not detect.is_async(root, "shop.asgi:application")

    def test_no_application(self, tmp_path):
        assert not detect.is_async(tmp_path, None)
