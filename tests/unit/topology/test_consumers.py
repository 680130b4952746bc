"""Processes beside the web ones, told from a project's files without importing any of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from nuages.topology.consumers import Consumer, find

CELERY = "from celery import Celery\n\napp = Celery('shop')\n"


def project(folder: Path, **files: str) -> Path:
    for name, text in {"manage": "", **files}.items():
        path = (folder / name.replace("__", "/")).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def found(root: Path, *texts: str, settings: str = "shop.settings") -> dict[str, Consumer]:
    return {consumer.name: consumer for consumer in find(root, settings, texts)}


class TestCelery:
    def test_an_application_anywhere(self, tmp_path: Path) -> None:
        root = project(tmp_path, apps__work__queue=CELERY)
        assert found(root)["celery"].command[:4] == ("celery", "-A", "apps.work.queue", "worker")

    def test_the_one_nearest_the_settings(self, tmp_path: Path) -> None:
        root = project(tmp_path, a__celery=CELERY, shop__celery=CELERY, shop__other=CELERY)
        assert found(root)["celery"].command[2] == "shop.celery"

    def test_queues_that_tasks_are_routed_to(self, tmp_path: Path) -> None:
        root = project(tmp_path, shop__celery=CELERY, mail__tasks="@shared_task(queue='mail')\n")
        routes = 'CELERY_TASK_ROUTES = {"a.*": {"queue": "slow"}}\n'
        assert found(root, routes)["celery"].command[-2:] == ("-Q", "celery,mail,slow")
        named = routes + 'CELERY_TASK_DEFAULT_QUEUE = "main"\n'
        assert found(root, named)["celery"].command[-1] == "main,mail,slow"

    def test_without_routes_the_worker_takes_its_default(self, tmp_path: Path) -> None:
        assert "-Q" not in found(project(tmp_path, shop__celery=CELERY))["celery"].command

    @pytest.mark.parametrize(
        "text",
        ["CELERY_BEAT_SCHEDULE = {}", "app.conf.beat_schedule = {}",
         "@app.on_after_configure.connect\ndef s(sender, **_):\n    sender.add_periodic_task(1)"],
    )  # fmt: skip
    def test_a_schedule_leaves_the_project_alone(self, tmp_path: Path, text: str) -> None:
        root = project(tmp_path, shop__celery=CELERY + text)
        beat = found(root)["beat"]
        assert beat.kind == "schedule"
        assert beat.command[beat.command.index("--pidfile") + 1] == ""
        file = Path(beat.command[beat.command.index("--schedule") + 1])
        assert root not in file.parents

    def test_a_schedule_in_the_database(self, tmp_path: Path) -> None:
        root = project(tmp_path, shop__celery=CELERY)
        beat = found(root, 'INSTALLED_APPS = ["django_celery_beat"]')["beat"]
        assert beat.command[-1] == "django_celery_beat.schedulers:DatabaseScheduler"

    def test_silence_where_there_is_none(self, tmp_path: Path) -> None:
        root = project(tmp_path, shop__celery="# app = Celery('shop')\n", venv__x=CELERY,
                       shop__tests__celery=CELERY)  # fmt: skip
        assert found(root) == {}


class TestOthers:
    @pytest.mark.parametrize(
        ("settings", "name", "words"),
        [
            ('INSTALLED_APPS = ["django_rq"]\nRQ_QUEUES = {"high": {"A": {}}, "low": {}}',
             "rq", ("rqworker", "high", "low")),
            ('INSTALLED_APPS = ["django_rq"]', "rq", ("rqworker", "default")),
            ('INSTALLED_APPS = ["django_rq", "rq_scheduler"]', "rq-schedule", ("rqscheduler",)),
            ('TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}',
             "tasks", ("db_worker", "--queue-name", "*")),
            ('TASKS = {"default": {"BACKEND": "django_tasks.backends.rq.RQBackend"}}',
             "tasks-rq", ("rqworker", "default", "--job-class", "django_tasks.backends.rq.Job")),
            ('INSTALLED_APPS = ["huey.contrib.djhuey"]', "huey", ("run_huey",)),
            ('INSTALLED_APPS = ["django_q"]', "django-q", ("qcluster",)),
            ('INSTALLED_APPS = ["procrastinate.contrib.django"]',
             "procrastinate", ("procrastinate", "worker")),
        ],
    )  # fmt: skip
    def test_by_their_settings(
        self, tmp_path: Path, settings: str, name: str, words: tuple[str, ...]
    ) -> None:
        command = found(project(tmp_path), settings)[name].command
        assert command == ("python", "manage.py", *words)

    def test_without_manage_py(self, tmp_path: Path) -> None:
        command = found(tmp_path, 'INSTALLED_APPS = ["django_q"]')["django-q"].command
        assert command == ("python", "-m", "django", "qcluster")

    @pytest.mark.parametrize(
        "settings",
        ['# INSTALLED_APPS = ["django_rq"]', 'INSTALLED_APPS = ["django_rqx", "my_django_q"]',
         'TASKS = {"default": {"BACKEND": "django.tasks.backends.immediate.ImmediateBackend"}}'],
    )  # fmt: skip
    def test_silence(self, tmp_path: Path, settings: str) -> None:
        assert found(project(tmp_path), settings) == {}
