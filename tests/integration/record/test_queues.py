"""Jobs of queues and schedulers: each a task by its name, with its queries and how it ended.

What is not installed is left out; `nox -s queues` installs it all.
"""

from __future__ import annotations

import json
from importlib.util import find_spec

import django
import pytest

from nuages import store

BOTH = {"live.work.count_books", "live.work.fail"}
LATER = "live.work.count_books_later"


@pytest.fixture
def worked(library, run, tmp_path):
    """Has a queue do its work; → its tasks by name, and the recording."""

    def worked(name, mode="deep"):
        output = tmp_path / "snapshot.json"
        run("live/queues.py", name, mode, str(output))
        recording = store.recording_from([json.loads(output.read_text())])
        assert recording.meta.get("recorder_fault") is None
        return {s.scope.name: s for s in recording.scopes if s.scope.kind == "task"}, recording

    return worked


def needs(package):
    return pytest.mark.skipif(find_spec(package) is None, reason=f"{package} is not installed")


ENDINGS = [
    pytest.param("celery", "success", "failure", marks=needs("celery")),
    pytest.param("celery_worker", "success", "failure", marks=needs("celery")),
    pytest.param(
        "tasks", "successful", "failed",
        marks=pytest.mark.skipif(django.VERSION < (6,), reason="tasks came with Django 6"),
    ),
    pytest.param("django_tasks", "successful", "failed", marks=needs("django_tasks")),
    pytest.param("django_q", "success", "failure", marks=needs("django_q")),
    pytest.param("rq", "success", "failure", marks=needs("rq")),
    pytest.param("dramatiq", "success", "failure", marks=needs("dramatiq")),
    pytest.param("huey", "complete", "error", marks=needs("huey")),
    pytest.param("apscheduler", "success", "failure", marks=needs("apscheduler")),
    pytest.param("schedule", "success", "failure", marks=needs("schedule")),
    pytest.param("procrastinate", "success", "failure", marks=needs("procrastinate")),
]  # fmt: skip


@pytest.mark.parametrize(("name", "good", "bad"), ENDINGS)
def test_each_job_is_a_task(worked, name, good, bad):
    tasks, recording = worked(name)
    times = 2 if name == "apscheduler" else 1  # in this thread, and in a pool
    assert tasks.keys() - {LATER} == BOTH
    assert tasks["live.work.count_books"].statuses == {good: times}
    assert tasks["live.work.fail"].statuses == {bad: times}
    assert {tasks[name].queries for name in BOTH} == {times}
    assert {s.queries for s in recording.scopes if s.scope.kind == "process"} <= {0}
    of_jobs = [g for g in recording.groups if g.scope.kind == "task" and g.scope.name in BOTH]
    assert {g.location.file for g in of_jobs} == {"live/work.py"}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("apscheduler_async", marks=needs("apscheduler")),
        pytest.param("procrastinate", marks=needs("procrastinate")),
    ],
)
def test_a_coroutine_is_a_task_too(worked, name):
    tasks, _ = worked(name, "light")
    assert (tasks[LATER].statuses, tasks[LATER].queries) == ({"success": 1}, 1)


@needs("apscheduler")
def test_jobs_can_still_be_sent_to_other_processes(worked):
    worked("apscheduler_processes")
