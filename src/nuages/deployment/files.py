"""What Procfiles, Dockerfiles, units and the files of servers say of processes and poolers."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from configparser import Error, RawConfigParser
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from nuages.deployment.commands import Started, started, words_of
from nuages.deployment.values import Fleet, Pooler, Service

OWN = re.compile(
    r"Procfile|Dockerfile[\w.-]*|pgbouncer\.ini|postgresql\.conf|uwsgi[\w.-]*\.ini|[\w.-]+\.service"
    r"|supervisor[\w.-]*\.conf|[\w.-]+\.ya?ml"
)
UNKNOWN_CLASS = "?"  # a worker class that is computed
MAX_CONNECTIONS = re.compile(r"^\s*max_connections\s*=?\s*'?(\d+)", re.MULTILINE)
# PgBouncer's own defaults: https://www.pgbouncer.org/config.html
POOL_SIZE, RESERVE, MAX_CLIENTS, NO_LIMIT, MODE = 20, 0, 100, 0, "session"


@dataclass(frozen=True)
class Tree:
    """The files that are about deployment, and the root that they lie below."""

    root: Path
    paths: Mapping[str, list[Path]]  # by name

    def name(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()

    def only(self, name: str) -> Path | None:
        """The one file of this name; None for none or several."""
        found = self.paths.get(name, [])
        return found[0] if len(found) == 1 else None


def is_of_deployment(name: str) -> bool:
    return OWN.fullmatch(name) is not None


def is_readable(name: str) -> bool:
    """Whether a file is about deployment, or one that such a file may refer to."""
    return is_of_deployment(name) or name.endswith((".ini", ".conf.py")) or "gunicorn" in name


def text_of(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def service(
    begun: Started, *, name: str, source: str, tree: Tree, replicas: int | None = None
) -> Service:
    """What a command says, and the file of settings that it is given."""
    told = _configured(begun, tree)
    workers = begun.workers if begun.workers is not None else told.workers
    # uWSGI has one process where nothing is said; a file that says so stands above that.
    if begun.server == "uwsgi" and told.workers is not None:
        workers = told.workers
    threads = told.threads if told.threads != 1 and begun.threads in (None, 1) else begun.threads
    return Service(
        name=name,
        server=begun.server,
        source=source,
        workers=workers,
        threads=threads,
        replicas=replicas,
        worker_class=begun.worker_class or told.worker_class,
    )


@dataclass(frozen=True)
class _Told:
    workers: int | None = None
    threads: int | None = 1
    worker_class: str = ""


def _configured(begun: Started, tree: Tree) -> _Told:
    name = PurePosixPath(begun.config.removeprefix("python:")).name
    if begun.server == "uwsgi" and name:
        path = tree.only(name)
        return _of_uwsgi(_read_ini(path).get("uwsgi", {})) if path else _Told(threads=None)
    if begun.server != "gunicorn":
        return _Told()
    path = tree.only(name or "gunicorn.conf.py")
    if path is None:
        return _Told(threads=None) if name else _Told()
    return _of_gunicorn(text_of(path))


def _of_gunicorn(text: str) -> _Told:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return _Told(threads=None)
    given: dict[str, ast.expr] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            given[node.targets[0].id] = node.value
    threads = _number(given["threads"]) if "threads" in given else 1
    kind = given.get("worker_class")
    name = kind.value if isinstance(kind, ast.Constant) else UNKNOWN_CLASS
    return _Told(
        _number(given.get("workers")), threads, "" if kind is None else str(name or UNKNOWN_CLASS)
    )


def _number(node: ast.expr | None) -> int | None:
    is_number = isinstance(node, ast.Constant) and type(node.value) is int
    return node.value if is_number else None  # type: ignore[union-attr]


def _of_uwsgi(table: Mapping[str, str]) -> _Told:
    workers = next((table[k] for k in ("workers", "processes") if k in table), "1")
    threads = table.get("threads", "1")
    kind = "gevent" if table.get("gevent") else ""
    return _Told(_digits(workers), _digits(threads), kind)


def _digits(text: str | None) -> int | None:
    return int(text) if text and text.strip().isdigit() else None


def procfile(path: Path, tree: Tree) -> Fleet:
    """Heroku and its like: how many of each process there are is said elsewhere."""
    services = []
    for line in text_of(path).splitlines():
        name, colon, command = line.partition(":")
        begun = started(command.strip()) if colon and not name.startswith("#") else None
        if begun:
            services.append(service(begun, name=name.strip(), source=tree.name(path), tree=tree))
    return Fleet(source=tree.name(path), services=tuple(services))


def systemd(path: Path, tree: Tree) -> Fleet:
    """One unit of one machine; of how many machines is not said."""
    text = text_of(path)
    command = re.search(r"^ExecStart=[-+!@:]*((?:.*\\\n)*.*)$", text, re.MULTILINE)
    begun = started(command.group(1)) if command else None
    found = begun and service(begun, name=path.stem, source=tree.name(path), tree=tree)
    return Fleet(source=tree.name(path), services=(found,) if found else ())


def programs(path: Path, tree: Tree) -> Iterator[Fleet]:
    """supervisor's programs, and uWSGI's own file where it names the application."""
    tables = _read_ini(path)
    source = tree.name(path)
    services = []
    for name, table in tables.items():
        begun = started(table.get("command", "")) if name.startswith("program:") else None
        if begun:
            copies = _digits(table.get("numprocs", "1"))
            short = name.partition(":")[2]
            found = service(begun, name=short, source=source, tree=tree, replicas=copies)
            services.append(found)
    uwsgi = tables.get("uwsgi", {})
    if {"module", "wsgi-file", "wsgi"} & uwsgi.keys():
        told = _of_uwsgi(uwsgi)
        services.append(
            Service(name="uwsgi", server="uwsgi", source=source, workers=told.workers,
                    threads=told.threads, worker_class=told.worker_class)
        )  # fmt: skip
    if services:
        yield Fleet(source=source, services=tuple(services))


def pgbouncer(path: Path, tree: Tree) -> Pooler:
    """PgBouncer's own file; what it does not set has PgBouncer's default."""
    tables = _read_ini(path)
    own = {key.lower(): value for key, value in tables.get("pgbouncer", {}).items()}
    return pooler(tree.name(path), own, databases=len(tables.get("databases", {})) or None)


def pooler(source: str, own: Mapping[str, str], databases: int | None = None) -> Pooler:
    def number(key: str, default: int) -> int | None:
        return _digits(own[key]) if key in own else default

    return Pooler(
        source=source,
        mode=own.get("pool_mode", MODE).strip().lower(),
        pool_size=number("default_pool_size", POOL_SIZE),
        reserve_size=number("reserve_pool_size", RESERVE),
        max_clients=number("max_client_conn", MAX_CLIENTS),
        max_db_connections=number("max_db_connections", NO_LIMIT),
        databases=databases,
    )


def max_connections(path: Path) -> int | None:
    """PostgreSQL's limit as postgresql.conf sets it."""
    found = MAX_CONNECTIONS.findall(text_of(path))
    return int(found[-1]) if found else None


def image(path: Path, tree: Tree, command: object = None) -> Service | None:
    """What an image runs: the command, else its last CMD; or the script that this names."""
    text = re.sub(r"\\\n", " ", text_of(path))
    lines = re.findall(r"^\s*(?:CMD|ENTRYPOINT)\s+(.+)$", text, re.MULTILINE | re.IGNORECASE)
    for run in [command] if command else [_command(line) for line in reversed(lines)]:
        begun = started(run) or _script(run, text, path)
        if begun:
            return service(begun, name=path.parent.name, source=tree.name(path), tree=tree)
    return None


def _command(line: str) -> object:
    if not line.startswith("["):
        return line
    try:
        return ast.literal_eval(line)
    except (SyntaxError, ValueError):
        return ""


def _script(command: object, text: str, image_path: Path) -> Started | None:
    """The server that a script starts which the image copies from the project."""
    copies = re.findall(r"^\s*COPY\s+(?:--\S+\s+)*(\S+)\s+(\S+)\s*$", text, re.MULTILINE)
    targets = {target: source for source, target in copies}
    for word in words_of(command):
        source = targets.get(word) or (word if word.endswith(".sh") else "")
        for folder in (image_path.parent, *image_path.parents[1:4]) if source else ():
            script = folder / source.removeprefix("./").lstrip("/")
            if script.is_file():
                lines = text_of(script).replace("\\\n", " ").splitlines()
                return next((b for line in reversed(lines) if (b := started(line))), None)
    return None


def _read_ini(path: Path) -> dict[str, dict[str, str]]:
    reader = RawConfigParser(strict=False, allow_no_value=True, interpolation=None)
    reader.optionxform = str  # type: ignore[assignment, method-assign]
    try:
        reader.read_string(text_of(path))
    except Error:
        return {}
    return {name: {k: v or "" for k, v in reader[name].items()} for name in reader.sections()}
