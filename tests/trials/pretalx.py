"""pretalx: conference planning; querysets scoped by event, its tests in the source archive."""

from __future__ import annotations

from tests.trials.trial import Trial, Workspace


def prepare(workspace: Workspace) -> None:
    """Collect the static files: outside debug mode pretalx looks them up in a manifest."""
    workspace.run("src/manage.py", "collectstatic", "--noinput", "--verbosity", "0")


TRIAL = Trial(
    name="pretalx",
    pythons=("3.12", "3.13", "3.14"),
    archive="pretalx==2026.1.2",
    requirements=(
        "factory_boy",
        "faker",
        "freezegun",
        "jsonschema",
        "drf-spectacular",
        "psycopg2-binary",
        "pytest",
        "pytest-django",
        "pytest-mock",
        "pytest-xdist",
        "responses",
    ),
    subfolder="src",
    prepare=prepare,
    doors={
        # 313 tests in 17 s alone; warnings are errors in its pytest configuration.
        "tests": ("--settings", "pretalx.common.settings.test_settings",
                  "--record", "pytest -q tests/agenda"),
        # Its agenda is guarded by counts of queries; these four are less so.
        "more": ("--settings", "pretalx.common.settings.test_settings",
                 "--record", "pytest -q tests/api/views/integration/test_question.py"
                 " tests/orga/views/integration/test_review.py"
                 " tests/orga/views/integration/test_cfp.py"
                 " tests/cfp/views/integration/test_user.py"),
        "driven": ("--settings", "pretalx.settings"),
    },
)  # fmt: skip
