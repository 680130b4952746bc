"""What a command line that starts a server of Python code says of its processes and threads."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

# The options of each server that say how many processes and threads it has.
WORKERS: Mapping[str, tuple[str, ...]] = {
    "gunicorn": ("-w", "--workers"),
    "uvicorn": ("--workers",),
    "hypercorn": ("-w", "--workers"),
    "daphne": (),
    "granian": ("--workers",),
    "uwsgi": ("-p", "--processes", "--workers"),
    "waitress-serve": (),
    "celery": ("-c", "--concurrency"),
}
THREADS: Mapping[str, tuple[str, ...]] = {
    "gunicorn": ("--threads",),
    "uwsgi": ("--threads",),
    "granian": ("--blocking-threads",),
    "waitress-serve": ("--threads",),
}
CLASSES: Mapping[str, tuple[str, ...]] = {
    "gunicorn": ("-k", "--worker-class"),
    "celery": ("-P", "--pool"),
    "granian": ("--interface",),
}
CONFIGS: Mapping[str, tuple[str, ...]] = {
    "gunicorn": ("-c", "--config"),
    "uwsgi": ("--ini", "-i"),
}
# What has one where nothing is said. gunicorn, uvicorn and hypercorn read WEB_CONCURRENCY, celery
# counts processors: nothing said is nothing known.
ONE_PROCESS = frozenset({"daphne", "waitress-serve", "uwsgi", "granian"})
ONE_THREAD = frozenset({"gunicorn", "uwsgi", "celery"})
WAITRESS_THREADS = 4
# Words in front of a server's name that make it an argument of something else.
MENTIONS = frozenset({
    "apk", "apt", "apt-get", "cat", "command", "cp", "echo", "grep", "install", "kill", "killall",
    "ln", "pgrep", "pip", "pip3", "pipx", "pkill", "rm", "test", "which",
})  # fmt: skip
VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")


@dataclass(frozen=True)
class Started:
    """A server as a command line starts it."""

    server: str
    arguments: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def workers(self) -> int | None:
        if self.server == "celery":
            return self._autoscaled() or self.number(WORKERS)
        found = self.number(WORKERS)
        if found is None and self.server in ONE_PROCESS and not self.option(WORKERS):
            return 1
        return found

    @property
    def threads(self) -> int | None:
        found = self.number(THREADS)
        if found is None and not self.option(THREADS):
            if self.server == "waitress-serve":
                return WAITRESS_THREADS
            return 1 if self.server in ONE_THREAD else None
        return found

    @property
    def worker_class(self) -> str:
        if self.server == "uwsgi" and self._value(("--gevent", "--asyncio")):
            return "gevent"
        return self.option(CLASSES)

    @property
    def config(self) -> str:
        """The file of settings that it is given."""
        return self.option(CONFIGS).removeprefix("file:")

    def option(self, names: Mapping[str, tuple[str, ...]]) -> str:
        """The last value given for an option, "" where there is none."""
        return self._value(names.get(self.server, ()))

    def number(self, names: Mapping[str, tuple[str, ...]]) -> int | None:
        value = self.option(names)
        if not value and self.server in ("gunicorn", "uvicorn", "hypercorn") and names is WORKERS:
            value = self.environment.get("WEB_CONCURRENCY", "")
        return int(value) if value.isdigit() else None

    def _autoscaled(self) -> int | None:
        most = self._value(("--autoscale",)).partition(",")[0]
        return int(most) if most.isdigit() else None

    def _value(self, names: Sequence[str]) -> str:
        found = ""
        for at, word in enumerate(self.arguments):
            name, equals, value = word.partition("=")
            if name in names:
                following = self.arguments[at + 1] if at + 1 < len(self.arguments) else ""
                found = value if equals else following
            elif any(len(n) == 2 and word.startswith(n) and word != n for n in names):
                found = word[2:].lstrip("=")
        return VARIABLE.sub(lambda m: self.environment.get(m[1] or m[2], m[0]), found)


def started(command: object, environment: Mapping[str, str] | None = None) -> Started | None:
    """The server that a command starts, the last where there are several; None for none."""
    found = None
    surroundings = dict(environment or {})
    for words in _parts(_words(command)):
        at = next((i for i, word in enumerate(words) if _program(word) in WORKERS), None)
        if at is None or MENTIONS.intersection(words[:at]):
            continue
        server, arguments = _program(words[at]), words[at + 1 :]
        if server == "celery" and "worker" not in arguments:
            continue
        given = dict(word.split("=", 1) for word in words[:at] if re.match(r"\w+=", word))
        everywhere = surroundings | given
        more = shlex.split(everywhere.get("GUNICORN_CMD_ARGS", "")) if server == "gunicorn" else []
        found = Started(server, (*more, *arguments), everywhere)
    return found


def words_of(command: object) -> list[str]:
    """The words of all parts of a command."""
    return [word for words in _parts(_words(command)) for word in words]


def _program(word: str) -> str:
    return PurePosixPath(word).name


def _words(command: object) -> list[str]:
    if isinstance(command, str):
        return _split(command)
    if isinstance(command, list | tuple):
        words = [str(word) for word in command]
        is_shell = len(words) > 2 and _program(words[0]) in ("sh", "bash", "ash")
        if is_shell and words[1].startswith("-") and "c" in words[1]:
            return _split(words[2])
        return words
    return []


def _split(text: str) -> list[str]:
    reader = shlex.shlex(text.replace("\\\n", " "), posix=True, punctuation_chars=";&|")
    reader.whitespace_split = True
    try:
        return list(reader)
    except ValueError:  # a quotation without an end
        return []


def _parts(words: list[str]) -> Iterator[list[str]]:
    """What stands between `&&`, `||`, `;` and `|`."""
    part: list[str] = []
    for word in words:
        if word and not word.strip(";&|"):
            yield part
            part = []
        else:
            part.append(word)
    yield part
