"""Other people's test suites: what they need, and how each is run."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

from tests.trials.fetching import (
    CannotSetUp,
    interpreter,
    make_environment,
    pip,
    unpack,
)

PYTHONS = {"4.2": ("3.11", "3.12"), "5.2": ("3.11", "3.12", "3.13")}
NEWER_PYTHONS = ("3.12", "3.13")  # for Django 6.0 and later


@dataclass(frozen=True, kw_only=True)
class Place:
    """A suite that is set up."""

    suite: Suite
    folder: Path
    version: str  # of the suite's package
    django: str

    @property
    def python(self) -> Path:
        """The suite's interpreter."""
        return self.folder / "venv/bin/python"

    @property
    def tree(self) -> Path:
        """What the source archive held."""
        return self.folder / "tree"

    @property
    def cwd(self) -> Path:
        """Where the suite is run."""
        return self.tree / self.suite.subfolder


@dataclass(frozen=True, kw_only=True)
class Suite:
    """How a package's suite is set up and run."""

    name: str
    distribution: str  # on PyPI
    requirements: tuple[str, ...]
    program: tuple[str, ...]  # as outcomes.py takes it
    # Django → what restricts the version of the package; "" for every other Django.
    versions: Mapping[str, str] = field(default_factory=lambda: {"": ""})
    subfolder: str = "."  # of the tree, to run in
    package: str = ""  # of the tree, put away: the installed copy is a library as for its users
    usual: tuple[str, ...] = ()  # labels without --all; with "*", names of folders in cwd
    everything: tuple[str, ...] = ()  # labels with --all
    timed: tuple[str, ...] = ()  # tests that a busy machine fails, as they measure seconds

    def set_up(self, base: Path, django: str, python: str | None) -> Place:
        """Make what is missing; a second call with the same recipe does nothing."""
        versions = (python,) if python else PYTHONS.get(django, NEWER_PYTHONS)
        found = interpreter(versions)
        folder = base / "suites" / f"{self.name}-django{django}-{_version_of(found)}"
        recipe, stamp = self._recipe(), folder / "ready"
        if not stamp.is_file() or stamp.read_text() != recipe:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            self._make(folder, django, found)
            stamp.write_text(recipe)
        executable = folder / "venv/bin/python"
        return Place(
            suite=self,
            folder=folder,
            version=_installed(executable, self.distribution) or (folder / "version").read_text(),
            django=_installed(executable, "Django"),
        )

    def labels(self, place: Place, *, all_of_them: bool) -> tuple[str, ...]:
        """What of the suite is run."""
        if all_of_them:
            return self.everything
        folders = sorted(path.name for path in place.cwd.iterdir() if path.is_dir())
        if not any("*" in label for label in self.usual):
            return self.usual
        return tuple(name for name in folders if any(fnmatch(name, p) for p in self.usual))

    def _make(self, folder: Path, django: str, python: Path) -> None:
        wanted = self.versions.get(django, self.versions.get(""))
        if wanted is None:
            raise CannotSetUp(f"no {self.distribution} for Django {django} is known here")
        own = f"{self.distribution}{wanted}"
        executable = make_environment(
            folder, (f"Django=={django}.*", own, *self.requirements), python
        )
        version = _installed(executable, self.distribution)
        (folder / "version").write_text(version)
        unpack(executable, f"{self.distribution}=={version}", folder / "tree")
        if self.package:
            shutil.rmtree(folder / "tree" / self.package)
        else:
            pip(executable, "uninstall", "--yes", self.distribution)

    def _recipe(self) -> str:
        return repr((self.distribution, self.versions, self.requirements, self.package))


def _version_of(python: Path) -> str:
    program = "import sys; print('py%d.%d' % sys.version_info[:2])"
    return subprocess.run([python, "-c", program], capture_output=True, text=True).stdout.strip()


def _installed(python: Path, distribution: str) -> str:
    """The version that an environment has; "" when it has none."""
    program = "import sys, importlib.metadata as m; print(m.version(sys.argv[1]))"
    argv: Sequence[str | Path] = [python, "-c", program, distribution]
    return subprocess.run(argv, capture_output=True, text=True).stdout.strip()


DJANGO = Suite(
    name="django",
    distribution="Django",
    package="django",
    subfolder="tests",
    # tests/requirements/py3.txt, less what needs a compiler, a browser or a server
    requirements=(
        "aiosmtpd", "argon2-cffi", "bcrypt", "docutils", "geoip2", "jinja2", "numpy", "Pillow",
        "psycopg[binary]", "pymemcache", "PyYAML", "redis", "tblib", "tzdata",
    ),
    program=("runtests.py", "--parallel=1", "--noinput"),
    # Not admin_scripts: its processes set a PYTHONPATH of their own, so nothing attaches to them.
    usual=(
        "admin_[!s]*", "aggregation*", "annotations", "asgi", "async", "backends", "base", "basic",
        "bulk_create", "cache", "composite_pk", "contenttypes_tests", "context_processors",
        "csrf_tests", "custom_*", "db_functions", "db_utils", "decorators", "defer*", "delete*",
        "dispatch", "distinct_on_fields", "empty*", "expressions*", "extra_regress", "field_*",
        "filtered_relation", "fixtures*", "foreign_object", "from_db_value", "generic_*", "get_*",
        "handlers", "httpwrappers", "known_related_objects", "logging_tests", "lookup", "m2*",
        "mail", "managers_regress", "many_*", "messages_tests", "middleware*", "migrate_signals",
        "model*", "multiple_database", "null_*", "one_to_one", "or_lookups", "order*",
        "pagination", "prefetch_related", "properties", "proxy_*", "queries", "queryset_pickle",
        "raw_query", "requests_tests", "responses", "reverse_lookup", "save_delete_hooks",
        "select_*", "serializers", "servers", "sessions_tests", "shortcuts", "signals",
        "staticfiles_tests", "swappable_models", "tasks", "template_*", "test_client*",
        "test_runner", "test_utils", "timezones", "transaction*", "unmanaged_models", "update*",
        "urlpatterns*", "user_commands", "view_tests", "wsgi", "xor_lookups",
    ),
    timed=("serializers.test_deserialization.TestDeserializer.test_crafted_xml_performance",),
)  # fmt: skip
DRF = Suite(
    name="drf",
    distribution="djangorestframework",
    package="rest_framework",
    requirements=(
        "pytest>=7", "pytest-django>=4.5.2,<5", "dj-database-url", "importlib-metadata<10",
        "django-filter", "django-guardian", "inflection", "markdown", "psycopg[binary]",
        "pygments", "pyyaml", "requests", "uritemplate", "pytz", "coreapi", "coreschema",
        "setuptools<80", "legacy-cgi; python_version >= '3.13'",
    ),
    versions={"4.2": ">=3.15,<3.17", "": ">=3.17"},
    program=("pytest", "-q", "-p", "no:cacheprovider"),
)  # fmt: skip
WAGTAIL = Suite(
    name="wagtail",
    distribution="wagtail",
    # its extra "testing", less linters, browsers and clouds
    requirements=(
        "Jinja2>=3,<3.2", "boto3", "freezegun", "azure-identity", "azure-mgmt-cdn>=12,<15",
        "azure-mgmt-frontdoor>=1,<3", "django-pattern-library", "responses", "polib",
        "factory-boy", "tblib", "psycopg[binary]",
    ),
    versions={"4.2": ">=6.3,<7.1", "": ">=7.2"},
    program=("-m", "django", "test", "--settings=wagtail.test.settings", "--noinput",
             "--parallel=1", "--timing"),
    usual=("wagtail",),
    everything=("wagtail",),
)  # fmt: skip
SUITES = {suite.name: suite for suite in (DJANGO, DRF, WAGTAIL)}
