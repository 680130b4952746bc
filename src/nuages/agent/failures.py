"""What the project's exceptions mean to its user: one place that maps them to slug and hint."""

from __future__ import annotations

import os
import re
import traceback
from collections.abc import Iterator
from types import TracebackType

from nuages.agent.ownership import is_own_file
from nuages.errors import NuagesError

_OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_NAMED = re.compile(r"\b([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|[A-Z]{4,})\b")
CHECK_HINT = "does `python manage.py check` work with the same interpreter and environment?"
_ENVIRON_HINT = "give it with --env {name}=…, or name a file of them: [tool.nuages] env_file"
_SETUP_HINT = f"{CHECK_HINT} Variables are given with --env NAME=…, or [tool.nuages] env_file"


def describe(error: BaseException, *, doing: str = "") -> dict[str, str]:
    """An exception as {slug, message, hint, detail, exception}: what a NuagesError is made of."""
    slug, message, hint, detail = _diagnosed(error, doing)
    return {
        "slug": slug,
        "message": message,
        "hint": hint,
        "detail": detail or brief(error),
        "exception": type(error).__name__,
    }


def brief(error: BaseException) -> str:
    """Type, message and the innermost line of the project's own code, on at most three lines."""
    said = " ".join(str(error).split())[:300]
    name = type(error).__name__
    where = _unparsed(error) or innermost(error.__traceback__)
    return f"{where}\n{name}: {said}" if where else f"{name}: {said}"


def _unparsed(error: BaseException) -> str:
    """`path:line` of the text that Python could not read: no frame is in it."""
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        return f"{error.filename}:{error.lineno}"
    return ""


def innermost(trace: TracebackType | None) -> str:
    """`path:line in function`: the last frame in project code, else the last frame at all."""
    frames = [frame for frame in traceback.extract_tb(trace) if not _is_ours(frame.filename)]
    own = [frame for frame in frames if is_own_file(frame.filename)]
    for frame in reversed(own or frames):
        return f"{frame.filename}:{frame.lineno} in {frame.name}"
    return ""


def _is_ours(path: str) -> bool:
    return path.startswith((_OURS, "<frozen"))


def _diagnosed(error: BaseException, doing: str) -> tuple[str, str, str, str]:
    """(slug, message, hint, detail) of the first reading that fits, most specific first."""
    if isinstance(error, NuagesError):
        return error.slug, error.message, error.hint, error.detail
    for link in _chain(error):
        for reading in (_environment, _module, _urlconf, _database):
            found = reading(link, doing)
            if found is not None:
                return (*found, "")
    if doing in ("setup", "facts"):
        return _setup(error)
    return "error", f"the project failed in {doing or 'the agent'}", CHECK_HINT, ""


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The exception and what it came from: causes say more than what they were turned into."""
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield link
        link = link.__cause__ or link.__context__


def _environment(error: BaseException, doing: str) -> tuple[str, str, str] | None:
    name = missing_variable(error)
    if name is None or doing not in ("setup", "facts", "routes", "migrate"):
        return None
    message = f"the project needs the environment variable {name}"
    return "environment", message, _ENVIRON_HINT.format(name=name)


def missing_variable(error: BaseException) -> str | None:
    """The variable an exception names: `os.environ[…]`, django-environ, decouple, pydantic."""
    said = str(error)
    if isinstance(error, KeyError) and error.args and isinstance(error.args[0], str):
        if _raised_in_environ(error.__traceback__):
            return error.args[0]
        return None
    speaks = re.search(r"environ|env(ironment)? var|not found\. Declare|\bset the\b", said, re.I)
    if speaks and type(error).__name__ in (
        "ImproperlyConfigured", "UndefinedValueError", "EnvError", "EnvironmentError",
        "EnvValidationError", "ValueError", "RuntimeError", "Exception",
    ):  # fmt: skip
        named = _NAMED.search(said)
        return named.group(1) if named else None
    return None


def _raised_in_environ(trace: TracebackType | None) -> bool:
    frames = traceback.extract_tb(trace)
    if not frames:
        return False
    last = frames[-1]
    source = os.path.basename(last.filename)
    return source in ("os.py", "<frozen os>") or "environ" in (last.line or "")


def _module(error: BaseException, doing: str) -> tuple[str, str, str] | None:
    if not isinstance(error, ModuleNotFoundError):
        return None
    settings = os.environ.get("DJANGO_SETTINGS_MODULE", "")
    if error.name and (settings == error.name or settings.startswith(error.name + ".")):
        message = f"no settings module {settings!r} on the path"
        return "settings-import", message, "name it: --settings package.module"
    message = f"importing the project failed: no module named {error.name!r}"
    hint = "install the project's requirements, or name its interpreter: --python .venv/bin/python"
    return "settings-import", message, hint


def _urlconf(error: BaseException, doing: str) -> tuple[str, str, str] | None:
    said = str(error)
    if "ROOT_URLCONF" not in said and "does not appear to have any patterns" not in said:
        return None
    hint = "set ROOT_URLCONF, or tune by the project's tests: nuages tune --record 'pytest -q'"
    return "no-urls", "the project has no URL patterns", hint


def _database(error: BaseException, doing: str) -> tuple[str, str, str] | None:
    if type(error).__name__ not in ("OperationalError", "InterfaceError"):
        return None
    if not re.search(r"connect|could not translate|unable to open|refused", str(error), re.I):
        return None
    said = " ".join(str(error).split())[:200]
    return "database", f"the scratch database did not answer: {said}", ""


def _setup(error: BaseException) -> tuple[str, str, str, str]:
    settings = os.environ.get("DJANGO_SETTINGS_MODULE", "(DJANGO_SETTINGS_MODULE is not set)")
    message = f"importing the project with settings {settings} failed"
    if isinstance(error, SystemExit):
        message = f"the project's settings {settings} ended the process (exit {error.code})"
    return "settings-import", message, _SETUP_HINT, brief(error)
