"""Services of one codebase: routes, workers and schedules with replicas of their own."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from pathlib import Path
from textwrap import dedent

import pytest
from tests.acceptance.commands import nuages

from benchmarks.stack import running
from nuages.stack.home import StackError

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.timeout(240),
    pytest.mark.xdist_group("stack"),
]

FILES = {
    "pyproject.toml": """
        [tool.nuages.topology]
        read_replicas = 1
        pools = { api = 5 }
        keep = ["EMAIL_BACKEND"]

        [tool.nuages.topology.services.api]
        routes = ["/part/", "numbered"]
        replicas = 1
        pool = "api"
        environment = { PART = "api" }

        [tool.nuages.topology.services.counter]
        kind = "worker"
        command = "python manage.py count"

        [tool.nuages.topology.services.clock]
        kind = "schedule"
        command = "python manage.py count"
        """,
    "tills/parts.py": """
        import os

        from django.core.files.base import ContentFile
        from django.core.files.storage import default_storage
        from django.http import HttpResponse


        def part(request, number=0):
            return HttpResponse(os.environ.get("PART", "rest"))


        def upload(request):
            name = default_storage.save("notes/one.txt", ContentFile(request.body))
            return HttpResponse(default_storage.url(name))
        """,
    "tills/urls.py": """
        from django.urls import path

        from tills import parts, views

        urlpatterns = [
            path("entries/", views.entries),
            path("visits/", views.visits),
            path("part/", parts.part),
            path("partly/", parts.part),
            path("upload/", parts.upload),
            path("numbers/<int:number>/", parts.part, name="numbered"),
            path("numbers/all/", parts.part),
        ]
        """,
    "tills/management/__init__.py": "",
    "tills/management/commands/__init__.py": "",
    "tills/management/commands/count.py": """
        import time

        from django.core.management.base import BaseCommand

        from tills.models import Entry


        class Command(BaseCommand):
            def handle(self, **options):
                while True:
                    print("entries", Entry.objects.count(), flush=True)
                    time.sleep(0.3)
        """,
}


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text).lstrip("\n"), "utf-8")


@pytest.fixture(scope="module")
def stack():
    with running.copied_project() as root:
        write(root, FILES)
        with running.stack(root) as started:
            yield started


def get(stack, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{stack.port}{path}", timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, ""


def post(stack, path: str, body: str) -> int:
    request = urllib.request.Request(
        f"http://127.0.0.1:{stack.port}{path}", data=body.encode(), method="POST"
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        return answer.status


def rows(stack, service: str) -> list[dict]:
    return [row for row in stack.rows() if row["service"] == service]


class TestRoutes:
    @pytest.mark.parametrize("path", ["/part/", "/numbers/7/"])
    def test_a_service_answers_what_its_prefixes_and_names_say(self, stack, path):
        assert get(stack, path) == (200, "api")

    @pytest.mark.parametrize("path", ["/partly/", "/numbers/all/"])
    def test_the_rest_is_answered_by_the_service_without_routes(self, stack, path):
        assert get(stack, path) == (200, "rest")

    def test_what_only_the_balancer_asks_is_hidden_from_others(self, stack):
        assert get(stack, "/-/nuages/ready")[0] == 404
        assert get(stack, "/-/nuages/metrics")[0] == 404


class TestEachByItself:
    def test_one_service_is_scaled_and_the_other_stays(self, stack):
        before = [row["pid"] for row in rows(stack, "web")]
        stack.ask("scale", service="api", replicas=2)
        assert [row["state"] for row in rows(stack, "api")] == ["ready", "ready"]
        assert [row["pid"] for row in rows(stack, "web")] == before
        stack.ask("scale", service="api", replicas=1)
        assert len(rows(stack, "api")) == 1

    def test_more_replicas_than_the_balancer_has_slots_for_are_refused(self, stack):
        with pytest.raises(StackError, match="never reloaded"):
            stack.ask("scale", service="web", replicas=9)

    def test_a_schedule_runs_once(self, stack):
        with pytest.raises(StackError, match="do everything twice"):
            stack.ask("scale", service="clock", replicas=2)

    def test_a_schedule_is_replaced_by_ending_it_first(self, stack):
        (before,) = rows(stack, "clock")
        stack.ask("restart", names=["clock"])
        (after,) = rows(stack, "clock")
        assert after["pid"] != before["pid"]

    def test_a_worker_that_is_killed_comes_back(self, stack):
        stack.kill("counter")
        deadline = time.monotonic() + 20
        while not any(
            row["restarts"] and row["state"] == "ready" for row in rows(stack, "counter")
        ):
            assert time.monotonic() < deadline
            time.sleep(0.2)

    def test_each_service_has_its_pool(self, stack):
        names = {row["name"] for row in stack.rows()}
        assert {"pgbouncer", "pgbouncer-api", "pgbouncer-replicas-1"} <= names


class TestWhatIsShared:
    def test_workers_see_what_the_web_wrote(self, stack):
        assert post(stack, "/entries/", "for the worker") == 201
        deadline = time.monotonic() + 20
        logs = stack.home.logs
        while not any("entries 1" in path.read_text() for path in logs.glob("counter-*.log")):
            assert time.monotonic() < deadline
            time.sleep(0.2)

    def test_an_upload_is_seen_by_everybody(self, stack):
        request = urllib.request.Request(
            f"http://127.0.0.1:{stack.port}/upload/", data=b"a note", method="POST"
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            url = answer.read().decode()
        assert url.startswith("/media/notes/one")
        assert get(stack, url) == (200, "a note")
        assert get(stack, "/media/notes/two.txt")[0] == 404
        assert get(stack, "/media/notes/")[0] == 404
        assert get(stack, "/media/../../secret-key")[0] in (400, 404)

    def test_a_setting_that_is_kept_is_said(self, stack):
        stack.output.flush()
        stack.output.seek(0)
        assert "kept as it is: EMAIL_BACKEND" in stack.output.read()


class TestManagementCommands:
    def test_one_runs_on_the_stacks_own_database(self, stack):
        assert post(stack, "/entries/", "for the command") == 201
        code = (
            "from tills.models import Entry; print(Entry.objects.filter(key__contains='command'))"
        )
        done = nuages("manage", "--project", str(stack.root), "shell", "-c", code, cwd=stack.root)
        assert done.returncode == 0, done.stderr
        assert "<Entry" in done.stdout

    def test_its_exit_code_is_the_commands(self, stack):
        done = nuages("manage", "nothing_of_that_name", cwd=stack.root)
        assert done.returncode == 1
        assert "Unknown command" in done.stderr

    def test_migrations_are_not_run_past_their_lock(self, stack):
        done = nuages("manage", "migrate", cwd=stack.root)
        assert done.returncode == 2
        assert "nuages restart" in done.stderr


def test_a_name_that_no_pattern_has_is_refused():
    with running.copied_project() as root:
        text = FILES["pyproject.toml"].replace('"numbered"', '"shop:nowhere"')
        write(root, {**FILES, "pyproject.toml": text})
        process, output = running.launch(root, running.free_port())
        assert process.wait(60) == 2
        output.seek(0)
        assert "no URL pattern has that name" in " ".join(output.read().split())
        output.close()
