"""ephios: shifts of medical services; settings from a .env file, polymorphic models, compressor."""

from __future__ import annotations

import shutil

from tests.trials.trial import HERE, Trial, Workspace


def prepare(workspace: Workspace) -> None:
    """Build what its developers' guide builds, and half a year of data as a fixture."""
    shutil.copy(workspace.tree / ".env.example", workspace.tree / ".env")
    # `manage.py build` less compilemessages, which needs gettext
    workspace.run("manage.py", "generate_vapid_key")
    workspace.run("manage.py", "collectstatic", "--noinput", "--verbosity", "0")
    workspace.run("manage.py", "compilejsi18n", "--verbosity", "0")
    workspace.run("manage.py", "migrate", "--verbosity", "0")
    workspace.run("manage.py", "devdata")
    workspace.run(str(HERE / "data/ephios_data.py"))
    excluded = ("contenttypes", "auth.permission", "sessions", "admin", "modellogging")
    arguments = [argument for name in excluded for argument in ("--exclude", name)]
    fixture = str(workspace.folder / "data.json")
    workspace.run("manage.py", "dumpdata", "--all", *arguments, "--output", fixture)
    (workspace.tree / "data/db.sqlite3").unlink()


TRIAL = Trial(
    name="ephios",
    pythons=("3.12", "3.13", "3.11"),
    archive="ephios==0.27.1",
    requirements=(
        "django-debug-toolbar>=3.6,<8",
        "django-extensions>=3.2,<5",
        "django-webtest>=1.9.9,<2",
        "psycopg2-binary",
        "pytest",
        "pytest-django>=4.5.2,<5",
        # webob, which django-webtest uses, imports the cgi module that 3.13 has no longer
        "legacy-cgi; python_version >= '3.13'",
    ),
    prepare=prepare,
    doors={
        # In debug mode compressor compiles the style sheets anew for each page: 0.4 s of CPU.
        "driven": ("--env", "DEBUG=False", "--fixture", "{folder}/data.json"),
        "filled": ("--env", "DEBUG=False"),
        # 34 tests, 55 s alone on two cores: each page is rendered through compressor
        "tests": ("--settings", "tests.settings",
                  "--record", "pytest -q tests/api tests/core/test_event_list.py"),
    },
)  # fmt: skip
