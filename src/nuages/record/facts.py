"""What the project says of itself, taken once in its own process: see model.Facts."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Mapping
from dataclasses import MISSING, Field, asdict, fields, is_dataclass
from typing import Any

from nuages.model import Facts
from nuages.record import faults, models, settings

# Servers by the program that was started, and by a module that only they have loaded.
PROGRAMS = frozenset({
    "celery", "daphne", "dramatiq", "granian", "gunicorn", "huey_consumer", "hypercorn", "pytest",
    "rq", "rqworker", "uvicorn", "uwsgi", "waitress-serve",
})  # fmt: skip
SPELLINGS = {"py.test": "pytest", "waitress-serve": "waitress", "rqworker": "rq"}
LOADED = (
    ("uvicorn.workers", "uvicorn"), ("uvicorn_worker", "uvicorn"), ("uwsgi", "uwsgi"),
    ("mod_wsgi", "mod_wsgi"), ("gunicorn.arbiter", "gunicorn"), ("uvicorn.server", "uvicorn"),
    ("daphne.server", "daphne"), ("hypercorn.run", "hypercorn"), ("granian.server", "granian"),
    ("waitress.server", "waitress"), ("celery.worker", "celery"), ("_pytest.main", "pytest"),
)  # fmt: skip


class _Taken:
    """What this process has told so far."""

    def __init__(self) -> None:
        self.text = ""
        self.seen = (False, False)  # whether settings and apps were ready by then


_taken = _Taken()


def forget() -> None:
    """Take the facts anew: other source roots, or a project that was set up anew."""
    global _taken
    _taken = _Taken()


def text() -> str:
    """Facts as JSON, "" before the settings are loaded; taken when a snapshot is written."""
    try:
        seen = is_configured(), _has_apps()
        if seen != _taken.seen and seen[0]:
            _taken.seen = seen  # a fault is not repeated with each snapshot
            _taken.text = to_json(take())
    except Exception:
        faults.note()
    return _taken.text


def is_configured() -> bool:
    """Whether settings are loaded; asking for one would load them."""
    conf = sys.modules.get("django.conf")
    return bool(conf and getattr(conf.settings, "configured", False))


def _has_apps() -> bool:
    registry = sys.modules.get("django.apps")
    return bool(registry and registry.apps.ready)


def take() -> Facts:
    """The facts of this process, whose settings are loaded; models only where apps are ready."""
    import django
    from django.conf import settings as configured

    own = settings.Settings(configured)
    kept, explicit = settings.kept(own)
    registry = sys.modules["django.apps"].apps if _has_apps() else None
    return Facts(
        settings_module=own.module,
        settings=kept,
        explicit=explicit,
        changed=own.changed,
        apps={c.name: c.label for c in registry.get_app_configs()} if registry else {},
        models=models.models(registry) if registry else (),
        server=server(sys.argv),
        django=django.get_version(),
        python=platform.python_version(),
    )


def server(argv: list[str]) -> str:
    """What serves, or runs: "gunicorn", "runserver", "manage.py digest", "pytest", ""."""
    program = os.path.basename(argv[0]) if argv else ""
    if program == "__main__.py":  # python -m
        program = os.path.basename(os.path.dirname(argv[0]))
    program = program.removesuffix(".exe").removesuffix("-script.py")
    told = SPELLINGS.get(program, program).removesuffix(".py")
    if program.endswith("manage.py") or program in ("django-admin", "django"):
        return _command(argv[1] if len(argv) > 1 else "")
    if "nuages.agent.server" in sys.modules:
        return "nuages"
    loaded = next((name for module, name in LOADED if module in sys.modules), "")
    if told == "gunicorn" and loaded == "uvicorn":
        return loaded  # its workers decide what a request runs in
    return told if told in PROGRAMS or told in SPELLINGS.values() else loaded


def _command(name: str) -> str:
    return "runserver" if name in ("runserver", "runserver_plus") else f"manage.py {name}".strip()


def to_json(facts: Facts) -> str:
    """As text that `facts_from` of nuages.stated reads; what is as by default is left out."""
    told = {**_told(facts), "catalogs": {k: asdict(v) for k, v in facts.catalogs.items()}}
    return json.dumps(told, separators=(",", ":"))


def _told(value: Any) -> Any:
    if is_dataclass(value):
        found = ((field, getattr(value, field.name)) for field in fields(value))
        return {f.name: _told(v) for f, v in found if f.name != "catalogs" and v != _default(f)}
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return [_told(each) for each in value]
    return dict(value) if isinstance(value, Mapping) else value


def _default(field: Field[Any]) -> Any:
    return field.default_factory() if field.default_factory is not MISSING else field.default
