"""The project that nuages was pointed at: found by reading, never by running it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from nuages import config as configuration
from nuages.config import Config
from nuages.project import expressions, interpreter, settings_module, variables
from nuages.project.interpreter import Interpreter
from nuages.project.roots import (
    ProjectNotFound,
    extensions_in,
    find_manage,
    find_root,
    name_of,
    roots_of,
    source_roots,
    speaking,
)
from nuages.project.settings_module import VARIABLE, Named

__all__ = [
    "Interpreter",
    "Project",
    "ProjectNotFound",
    "discover",
    "find_root",
    "name_of",
    "source_roots",
]

WAYS = (
    "point nuages at the folder of manage.py, or give --settings PACKAGE.SETTINGS,"
    ' or write settings = "PACKAGE.SETTINGS" under [tool.nuages] in pyproject.toml'
)


@dataclass(frozen=True, kw_only=True)
class Project:
    """What discovery found, and what the user said. Paths are absolute."""

    name: str
    root: Path  # the folder to run in: that of manage.py where there is one
    settings: str  # dotted name of the settings module
    settings_by: str  # who names it: "manage.py", "--settings", …
    settings_file: Path
    interpreter: Interpreter
    config: Config
    manage: Path | None = None
    wsgi: str | None = None  # "shop.wsgi:application"
    asgi: str | None = None
    source_roots: Mapping[str, Path] = field(default_factory=dict)  # label → folder
    sys_path: tuple[Path, ...] = ()  # what manage.py and the tests' configuration add
    env_file_values: Mapping[str, str] = field(default_factory=dict)
    environment_names: frozenset[str] = frozenset()  # variables that its source asks for
    environment: Mapping[str, str] = field(default_factory=dict)  # to be set, as they are
    extensions: frozenset[str] = frozenset()  # of PostgreSQL, that its migrations create

    @property
    def python(self) -> tuple[str, ...]:
        """The command that runs the project's interpreter."""
        return self.interpreter.command


def discover(path: Path | str = ".", **flags: object) -> Project:
    """Find out about the project at `path`; `flags` are keys of Config that win over the file.

    Raises NuagesError that says what was missing and the ways to say it.
    """
    place = _placed(Path(path).expanduser().resolve(), flags)
    named = _named(place)
    tops = {name.module.partition(".")[0] for name in named} | set(place.config.source_roots)
    python = interpreter.find(place.root, place.config.python, packages=sorted(tops))
    settings, file, folder = _located(named, place.folders, python)
    roots = roots_of(
        place.root,
        settings=settings.module,
        file=file,
        config=place.config,
        packages=python.folders,
    )
    loaded = [variables.text_of(each) for each in settings_module.imported(file, folder)]
    source = [variables.text_of(each) for each in _files(roots)]
    return Project(
        name=name_of(place.root) if "." in roots else next(iter(roots)),
        root=place.root,
        settings=settings.module,
        settings_by=settings.by,
        settings_file=file,
        interpreter=python,
        config=place.config,
        manage=place.manage,
        wsgi=_application("wsgi", loaded, place),
        asgi=_application("asgi", loaded, place),
        source_roots=roots,
        sys_path=_sys_path(place, folder, python),
        env_file_values=place.env_file,
        environment_names=frozenset(
            each.name for text in (*source, *loaded) for each in variables.variables_in(text)
        ),
        environment=_environment(place, loaded, settings_module.env_files(place.root, file)),
        extensions=frozenset(extensions_in([*source, *loaded])),
    )


@dataclass(frozen=True, kw_only=True)
class _Place:
    """What is known before the settings module is."""

    root: Path
    manage: Path | None
    config: Config
    env_file: Mapping[str, str]
    surroundings: Mapping[str, str]  # all variables that are set for the project
    defaults: Mapping[str, str]  # variables that manage.py sets where they are not set
    told: tuple[str, ...]  # settings modules that manage.py names
    folders: tuple[Path, ...]  # of sys.path


def _placed(given: Path, flags: Mapping[str, object]) -> _Place:
    if not given.is_dir():
        raise ProjectNotFound(f"there is no folder {given}", hint=WAYS)
    config = configuration.merge(configuration.load(given), **flags)
    manage = find_manage(given, settings_told=config.settings is not None)
    above = find_root(given)
    if manage is None and (above / "manage.py").is_file():  # called in a folder of the project
        given, manage = above, above / "manage.py"
        config = configuration.merge(configuration.load(given), **flags)
    root = manage.parent if manage else given
    if configuration.load(given) == Config():
        config = configuration.merge(configuration.load(root), **flags)
    env_file = variables.read_env_file(root / config.env_file) if config.env_file else {}
    surroundings = {**os.environ, **env_file, **config.environment}
    script = expressions.read(speaking(manage), surroundings) if manage else expressions.Script()
    told = tuple(script.variables.pop(VARIABLE, ()))
    return _Place(
        root=root,
        manage=manage,
        config=config,
        env_file=env_file,
        surroundings=surroundings,
        defaults={name: values[0] for name, values in script.variables.items() if values},
        told=told,
        folders=tuple(dict.fromkeys([root, *script.sys_path, *settings_module.python_paths(root)])),
    )


def _sys_path(place: _Place, folder: Path, python: Interpreter) -> tuple[Path, ...]:
    found_anyway = folder in place.folders or str(folder) in python.path
    return place.folders if found_anyway else (*place.folders, folder)


def _files(roots: Mapping[str, Path]) -> Iterator[Path]:
    for folder in roots.values():
        yield from variables.python_files(folder)


def _environment(place: _Place, loaded: Sequence[str], env_files: Sequence[Path]) -> dict[str, str]:
    """What the project must find set: as manage.py and the user say, else a harmless value."""
    set_by_itself = (
        name for path in env_files for name in variables.parse_env_file(variables.text_of(path))
    )
    given = {*place.surroundings, *place.defaults, *set_by_itself}
    stand_ins = variables.stand_ins(variables.merged(loaded), given)
    return {**stand_ins, **place.defaults, **place.config.environment}


def _named(place: _Place) -> list[Named]:
    if place.config.settings:
        return [Named(module=place.config.settings, by="--settings or [tool.nuages]")]
    named = [
        *settings_module.of_command(place.root, place.config.record or "", place.surroundings),
        *settings_module.candidates(place.root, place.told, place.surroundings),
    ]
    if not named:
        raise ProjectNotFound(f"{place.root} names no settings module", hint=WAYS)
    return named


def _located(
    named: Sequence[Named], folders: Sequence[Path], python: Interpreter
) -> tuple[Named, Path, Path]:
    """The first settings module that exists: who named it, its file, and what it is found from."""
    for name in named:
        top = name.module.partition(".")[0]
        installed = [Path(python.folders[top]).parent] if top in python.folders else []
        below = [folder / "src" for folder in folders[:1]]
        for folder in (*folders, *below, *installed):
            if file := settings_module.module_file(name.module, [folder]):
                return name, file, folder
    raise ProjectNotFound(
        f"the settings module {named[0].module}, named by {named[0].by}, was not found in "
        + ", ".join(map(str, folders)),
        hint=WAYS,
    )


def _application(kind: str, settings: Sequence[str], place: _Place) -> str | None:
    """The entry of a server, "package.wsgi:application": told in the settings, else a file."""
    setting = rf"^{kind.upper()}_APPLICATION\s*=\s*['\"]([\w.]+)\.(\w+)['\"]"
    for text in settings:
        if found := re.search(setting, text, re.MULTILINE):
            return f"{found[1]}:{found[2]}"
    path = settings_module.entry_point(place.root, kind)
    for folder in place.folders if path else ():
        if path and path.is_relative_to(folder):
            return ".".join(path.relative_to(folder).with_suffix("").parts) + ":application"
    return None
