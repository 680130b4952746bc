"""Which processes beside the web ones a project needs: consumers of queues, and schedules."""

from __future__ import annotations

import ast
import hashlib
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

PYTHON = "python"  # stands for the project's interpreter
CELERY = re.compile(r"^\s*\w+(?:\s*:\s*[\w.]+)?\s*=\s*(?:celery\.)?Celery\(", re.MULTILINE)
BEAT = re.compile(r"beat_schedule|BEAT_SCHEDULE|add_periodic_task|django_celery_beat")
QUEUE = re.compile(r"""(?:["']queue["']\s*:|\bqueue\s*=)\s*["']([\w.-]+)["']""")
DEFAULT_QUEUE = re.compile(
    r"""TASK_DEFAULT_QUEUE\W+["']?([\w.-]+)|task_default_queue\s*=\s*["']([\w.-]+)"""
)
COMMENT = re.compile(r"^\s*#.*$", re.MULTILINE)
SKIPPED = frozenset({"node_modules", "site-packages", "venv", "env", "build", "dist", "tests"})
DEPTH = 3  # folders below the root in which an application of Celery is sought
MOST_FILES = 5000


@dataclass(frozen=True, kw_only=True)
class Consumer:
    """A process to run beside the web ones."""

    name: str
    kind: Literal["worker", "schedule"]  # of a schedule there is only ever one
    command: tuple[str, ...]
    why: str  # what it was told by


@dataclass(frozen=True, kw_only=True)
class Sources:
    """What consumers are told by."""

    root: Path
    package: str  # of the settings
    settings: str  # their text, the imported ones' too
    manage: tuple[str, ...]

    def names(self, app: str) -> bool:
        """Whether the settings name an app."""
        return bool(re.search(rf"""["']{re.escape(app)}(?:\.apps\.\w+)?["']""", self.settings))


def find(root: Path, settings: str, texts: Sequence[str]) -> list[Consumer]:
    """The consumers and schedules of the project at `root`.

    `settings` is the settings module, `texts` its source and that of those it imports. Nothing is
    imported: a suggestion, which `[tool.nuages.topology]` can take back or change.
    """
    manage = (PYTHON, "manage.py") if (root / "manage.py").is_file() else (PYTHON, "-m", "django")
    said = COMMENT.sub("", "\n".join(texts))
    sources = Sources(root=root, package=settings.partition(".")[0], settings=said, manage=manage)
    return [consumer for kind in KINDS for consumer in kind(sources)]


def _celery(sources: Sources) -> Iterator[Consumer]:
    found = _celery_app(sources)
    if found is None:
        return
    module, text = found
    tasks = [_text(path) for path in _files(sources.root) if path.stem == "tasks"]
    command = ("celery", "-A", module, "worker", "--loglevel", "WARNING")
    queues = _queues([sources.settings, text, *tasks])
    yield Consumer(
        name="celery", kind="worker", why=f"a Celery application in {module}",
        command=(*command, "-Q", ",".join(queues)) if queues else command,
    )  # fmt: skip
    if BEAT.search(sources.settings + text):
        # Its file would be in the project's own folder; without a pid file two can not be at odds.
        own = ("--schedule", _schedule_file(sources.root), "--pidfile", "")
        in_database = "django_celery_beat" in sources.settings
        stored = ("--scheduler", "django_celery_beat.schedulers:DatabaseScheduler")
        yield Consumer(
            name="beat", kind="schedule", why="it has a schedule",
            command=("celery", "-A", module, "beat", "--loglevel", "WARNING",
                     *(stored if in_database else own)),
        )  # fmt: skip


def _queues(texts: Iterable[str]) -> list[str]:
    """Queues that tasks are routed to; a worker that is told none takes the default one only."""
    said = "\n".join(texts)
    routed = sorted(set(QUEUE.findall(said)))
    match = DEFAULT_QUEUE.search(said)
    default = (match[1] or match[2]) if match else "celery"
    return [default, *(name for name in routed if name != default)] if routed else []


def _celery_app(sources: Sources) -> tuple[str, str] | None:
    """Dotted name and source of the module that makes the application, nearest the settings."""
    found = [(path, text) for path in _files(sources.root)
             if CELERY.search(text := _text(path)) and "celery" in text]  # fmt: skip
    if not found:
        return None
    path, text = min(found, key=lambda each: _distance(each[0], sources))
    return _dotted(path, sources.root), text


def _distance(path: Path, sources: Sources) -> tuple[bool, bool, int]:
    parts = path.relative_to(sources.root).parts
    return sources.package not in parts, not path.stem.startswith("celery"), len(parts)


def _rq(sources: Sources) -> Iterator[Consumer]:
    if not sources.names("django_rq"):
        return
    queues = _keys(sources.settings, "RQ_QUEUES") or ["default"]
    yield Consumer(name="rq", kind="worker", why="django_rq is installed",
                   command=(*sources.manage, "rqworker", *queues))  # fmt: skip
    if sources.names("rq_scheduler"):
        yield Consumer(name="rq-schedule", kind="schedule", why="rq_scheduler is installed",
                       command=(*sources.manage, "rqscheduler"))  # fmt: skip


def _tasks(sources: Sources) -> Iterator[Consumer]:
    """Django's own TASKS, of 6.0 and of the package before it; others need no process, or none."""
    text = sources.settings
    if re.search(r"django_tasks(?:_db\b|\.backends\.database)", text):
        yield Consumer(name="tasks", kind="worker", why="TASKS are kept in the database",
                       command=(*sources.manage, "db_worker", "--queue-name", "*"))  # fmt: skip
    if re.search(r"django_tasks(?:_rq\b|\.backends\.rq)", text):
        package = "django_tasks_rq" if "django_tasks_rq" in text else "django_tasks.backends.rq"
        queues = _keys(text, "RQ_QUEUES") or ["default"]
        words = ("rqworker", *queues, "--job-class", f"{package}.Job")
        yield Consumer(name="tasks-rq", kind="worker", why="TASKS go through RQ",
                       command=(*sources.manage, *words))  # fmt: skip


def _by_app(sources: Sources) -> Iterator[Consumer]:
    for app, name, words in (
        ("huey.contrib.djhuey", "huey", ("run_huey",)),
        ("django_dramatiq", "dramatiq", ("rundramatiq", "--processes", "1", "--threads", "4")),
        ("django_q", "django-q", ("qcluster",)),
        ("procrastinate.contrib.django", "procrastinate", ("procrastinate", "worker")),
    ):
        if sources.names(app):
            yield Consumer(name=name, kind="worker", why=f"{app} is installed",
                           command=(*sources.manage, *words))  # fmt: skip


KINDS: tuple[Callable[[Sources], Iterator[Consumer]], ...] = (_celery, _rq, _tasks, _by_app)


def _keys(text: str, name: str) -> list[str]:
    """The literal keys of a dictionary that is assigned to a name; the last one counts."""
    found: list[str] = []
    for match in re.finditer(rf"^{name}\s*(?::[^=]+)?=\s*\{{", text, re.MULTILINE):
        try:
            tree = ast.parse(_balanced(text[match.end() - 1 :]), mode="eval").body
        except SyntaxError:
            continue
        keys = tree.keys if isinstance(tree, ast.Dict) else []
        found = [key.value for key in keys
                 if isinstance(key, ast.Constant) and isinstance(key.value, str)]  # fmt: skip
    return found


def _balanced(text: str) -> str:
    depth = 0
    for index, character in enumerate(text):
        depth += (character in "{[(") - (character in "}])")
        if depth == 0:
            return text[: index + 1]
    return text


def _files(root: Path) -> Iterator[Path]:
    count = 0
    for folder, names, files in os.walk(root):
        depth = len(Path(folder).relative_to(root).parts)
        names[:] = sorted(name for name in names if depth < DEPTH and _is_source(name))
        for name in sorted(files):
            if name.endswith(".py") and (count := count + 1) <= MOST_FILES:
                yield Path(folder) / name


def _is_source(name: str) -> bool:
    return not (name.startswith((".", "__")) or name in SKIPPED or name.endswith(".egg-info"))


def _dotted(path: Path, root: Path) -> str:
    parts = list(path.relative_to(root).with_suffix("").parts)
    while len(parts) > 1 and not (root / parts[0] / "__init__.py").is_file() and parts[0] == "src":
        root, parts = root / parts[0], parts[1:]
    return ".".join(parts).removesuffix(".__init__")


def _schedule_file(root: Path) -> str:
    digest = hashlib.blake2b(os.fsencode(root.resolve()), digest_size=5).hexdigest()
    return str(Path(tempfile.gettempdir()) / f"nuages-beat-{digest}")


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""
