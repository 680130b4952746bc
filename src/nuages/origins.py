"""What a place in the code says about the code there: product, tests, migrations or library."""

from __future__ import annotations

import re

from nuages.model import Finding, Location, Scope

TEST_FOLDERS = frozenset({"test", "tests", "testing", "testutils", "test_utils", "fixtures"})
TEST_FILE = re.compile(r"^(test_.*|.*_tests?|tests?|conftest|factories|.*_factory)\.py$")
# Commands whose queries come with the set-up of a database, not with its use.
SET_UP_COMMANDS = frozenset({
    "check", "collectstatic", "compilemessages", "createcachetable", "createsuperuser", "flush",
    "loaddata", "makemigrations", "migrate", "migrate_schemas", "sqlflush", "squashmigrations",
    "test",
})  # fmt: skip
# A project's own, by words of its name: `seed_demo`, `loadsampledata`; not `downsample`.
SET_UP_WORDS = re.compile(r"(?:^|_)(?:seed|demo|fake|dummy)(?:_|s?$|_?data)|(?:sample|test)_?data")
# Commands that wait for others' work: servers, workers, schedulers, shells. What they run is a
# request or a task by itself, and their own time says nothing.
HOSTS = frozenset({
    "celery", "celery_beat", "celery_worker", "daphne", "db_worker", "dbshell",
    "livereload", "process_tasks", "procrastinate", "qcluster", "rqscheduler", "rqworker",
    "run_huey", "runapscheduler", "rundramatiq", "runprofileserver", "runserver",
    "runserver_plus", "runsslserver", "runworker", "shell", "shell_plus", "testserver",
})  # fmt: skip
# Read once per process and then kept by Django itself.
CACHED_TABLES = frozenset({"django_content_type", "django_session", "django_site"})
_OF_MANAGER = re.compile(r"(Manager|QuerySet)\.\w+$")


def in_tests(location: Location) -> bool:
    *folders, name = location.file.split("/")
    return bool(TEST_FOLDERS.intersection(folders)) or bool(TEST_FILE.match(name))


def in_migrations(location: Location | None) -> bool:
    return location is not None and "migrations" in location.file.split("/")[:-1]


def is_managers(location: Location | None) -> bool:
    """Whether a queryset was created in a manager's or a queryset's own method: nobody of the
    project called it, or the caller would stand here.
    """
    return location is not None and _OF_MANAGER.search(location.function) is not None


def is_work(scope: Scope) -> bool:
    """Whether its time is the site's own: of a request, of a task, or of a command that neither
    makes a database nor waits for what others ask.
    """
    if scope.kind == "command":
        return HOSTS.isdisjoint(scope.name.split()) and not is_set_up(scope, None)
    return scope.kind in ("request", "task")


def is_set_up(scope: Scope, location: Location | None) -> bool:
    """Whether a query belongs to making a database or a test's data, not to the product."""
    if in_migrations(location):
        return True
    if scope.kind == "command":
        words = scope.name.split()
        own = words[1] if len(words) > 1 else ""
        return bool(SET_UP_COMMANDS.intersection(words) or SET_UP_WORDS.search(own))
    if scope.kind != "test":
        return False
    return location is None or in_tests(location) or _holds(location.file, scope.name)


def _holds(file: str, test: str) -> bool:
    """Whether a test is of this file, whatever the file is called: by pytest's id or unittest's."""
    node = test.partition("::")[0]
    if node.endswith(".py"):
        return f"/{node}".endswith(f"/{file}") or f"/{file}".endswith(f"/{node}")
    return test.startswith(file.removesuffix(".py").replace("/", ".") + ".")


def is_library(finding: Finding) -> bool:
    """Whether no line of the project takes part in it; a library's template has no source root.

    Queries without any line are a library's; what is said of settings or tables needs none.
    """
    places = [
        place
        for place in (finding.location, finding.created_at, finding.trigger)
        if place is not None
    ]
    if not places:
        return bool(finding.evidence.calls and finding.evidence.sql)
    return not any(place.root for place in places)


def one_execution(scope: Scope) -> str:
    """How a message names one execution of a scope."""
    if scope.kind == "process":
        return "one process, outside any request"
    return (
        f"one {scope.name}"
        if scope.kind in ("request", "command")
        else (f"one run of {scope.name}")
    )
