"""Projects that don't start: each gets a message that says what to do."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from nuages.errors import NuagesError
from nuages.session import AgentSession

SETTINGS = """
    SECRET_KEY = "x"
    DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "here.sqlite3"}}
    INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "things"]
    ROOT_URLCONF = "urls"
    DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "things" / "migrations").mkdir(parents=True)
    write(tmp_path, "settings.py", SETTINGS)
    write(tmp_path, "urls.py", "urlpatterns = []")
    write(tmp_path, "things/__init__.py", "")
    write(tmp_path, "things/migrations/__init__.py", "")
    return tmp_path


def write(project: Path, name: str, text: str) -> None:
    (project / name).write_text(dedent(text))


def failure(session: AgentSession, call: str, **arguments: Any) -> NuagesError:
    with pytest.raises(NuagesError) as caught:
        session.call(call, **arguments)
    return caught.value


def test_an_import_error_names_the_module_and_the_line(start: Any, project: Path) -> None:
    write(project, "things/models.py", "import requests_of_old\n")
    error = failure(start(project, "settings"), "setup")
    assert error.slug == "settings-import"
    assert "requests_of_old" in error.message
    assert "models.py:1" in error.detail
    assert "--python" in error.hint


def test_a_settings_module_that_is_not_there(start: Any, project: Path) -> None:
    error = failure(start(project, "config.settings"), "setup")
    assert error.slug == "settings-import"
    assert "'config.settings'" in error.message
    assert "--settings" in error.hint


@pytest.mark.parametrize(
    "line",
    [
        'import os; KEY = os.environ["STRIPE_KEY"]',
        "from django.core.exceptions import ImproperlyConfigured as E; "
        'raise E("Set the STRIPE_KEY environment variable")',
        "class UndefinedValueError(Exception): ...\n"
        "raise UndefinedValueError("
        "'STRIPE_KEY not found. Declare it as envvar or define a default value.')",
    ],
)
def test_a_missing_variable_is_named(start: Any, project: Path, line: str) -> None:
    write(project, "settings.py", line)
    error = failure(start(project, "settings"), "setup")
    assert error.slug == "environment"
    assert "STRIPE_KEY" in error.message
    assert "--env STRIPE_KEY=" in error.hint


def test_settings_that_end_the_process(start: Any, project: Path) -> None:
    write(project, "settings.py", "raise SystemExit('no licence')")
    error = failure(start(project, "settings"), "setup")
    assert error.slug == "settings-import"
    assert "ended the process" in error.message


def test_a_failing_migration_is_named(start: Any, project: Path) -> None:
    write(
        project,
        "things/migrations/0001_seed.py",
        """
        from django.db import migrations

        def seed(apps, schema_editor):
            raise ValueError("no such branch: 7")

        class Migration(migrations.Migration):
            operations = [migrations.RunPython(seed)]
        """,
    )
    session = start(project, "settings")
    session.call("setup")
    error = failure(session, "migrate")
    assert error.slug == "migration-failed"
    assert "things.0001_seed" in error.message
    assert "no such branch: 7" in error.message
    assert "0001_seed.py:5 in seed" in error.detail


def test_no_url_patterns(start: Any, project: Path) -> None:
    session = start(project, "settings")
    session.call("setup")
    error = failure(session, "routes")
    assert error.slug == "no-urls"
    assert "--record" in error.hint


def test_a_crash_shows_what_the_project_said_last(start: Any, project: Path) -> None:
    write(
        project,
        "settings.py",
        "import os, sys; print('goodbye', file=sys.stderr, flush=True); os._exit(7)",
    )
    error = failure(start(project, "settings"), "setup")
    assert error.slug == "agent"
    assert "exit 7" in error.message
    assert "goodbye" in error.detail


def test_a_project_that_hangs_is_ended(start: Any, project: Path) -> None:
    write(project, "settings.py", "import time; time.sleep(60)")
    error = failure(start(project, "settings"), "setup", timeout=1)
    assert error.slug == "agent"
    assert "in time" in error.message


def test_an_interpreter_that_is_none(project: Path) -> None:
    with pytest.raises(NuagesError, match="could not start") as caught:
        AgentSession.start([str(project / "python")], cwd=project, env={})
    assert "--python" in caught.value.hint


def test_a_program_that_is_no_interpreter(project: Path) -> None:
    with pytest.raises(NuagesError, match="did not start the agent"):
        AgentSession.start(["echo"], cwd=project, env={"PATH": "/bin:/usr/bin"})
