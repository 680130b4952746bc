"""Environment variables that a project's source asks for, read and not run."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nuages.errors import NuagesError

MOST_FILES = 5000
MOST_BYTES = 1_000_000  # of one file
NOT_SOURCE = frozenset({
    "site-packages", "node_modules", "venv", "env", "virtualenv", "__pycache__", "build", "dist",
    "static", "staticfiles", "media",
})  # fmt: skip

_NAME = r"""['"](?P<{0}>[A-Za-z_][A-Za-z0-9_]*)['"]"""
_USE = re.compile(
    r"(?P<before>\b(?:int|float|bool)\(\s*)?(?:os\s*\.\s*)?"
    r"(?:environ\s*\[\s*" + _NAME.format("key") + r"\s*\](?P<assigned>\s*=(?!=))?"
    r"|(?P<call>environ\.(?:get|setdefault|pop)|getenv|env(?:\.(?P<cast>\w+))?|config|decouple\.config"
    r"|\w*get_env\w*|\w*env_\w+|\w+_env)\s*\(\s*" + _NAME.format("name") + r")"
)  # fmt: skip
_CAST = re.compile(r"(?:cast\s*=\s*|^\s*,\s*(?=(?:str|int|bool|float|list|dict)\b))(\w+)")
_DECLARED = re.compile(r"\b([A-Z][A-Z0-9_]*)\s*=\s*\(\s*\w+\s*,")  # Env(DEBUG=(bool, False))
_LINE = re.compile(r"\s*(?:export\s+)?([A-Za-z_][\w.]*)\s*[=:]\s*(.*?)\s*$")
# These raise without a default, when they are the calls of such a library.
_LIBRARY = re.compile(r"\benviron\.(?:Fileaware)?Env\b|from environ import|\benvirons\b|decouple")
_RAISING = re.compile(
    r"(?:env|config|decouple\.config)(?:\.(?:str|bytes|bool|int|float|json|list|tuple|dict|url|path"
    r"|(?:dj_)?(?:db|cache|email|search|channels)(?:_url)?|decimal|date(?:time)?|timedelta|uuid"
    r"|log_level|enum))?"
)


@dataclass(frozen=True, kw_only=True)
class Variable:
    """One environment variable that the source asks for."""

    name: str
    required: bool = False  # importing the settings fails without it
    cast: str = ""  # "int", "bool", "db", …, where the source says it


def variables_in(text: str, *, raising: bool = False) -> Iterator[Variable]:
    """The variables that a file's text asks for; `raising` when `env` is a library's."""
    if "env" not in text and "config" not in text:
        return
    declared = set(_DECLARED.findall(text))
    for use in _USE.finditer(text):
        if key := use["key"]:
            yield Variable(name=key, required=not use["assigned"], cast=_type_around(use))
            continue
        arguments = _arguments(text, use.end())
        cast = _CAST.search(arguments)
        defaulted = "default" in arguments or _has_second(arguments) or use["name"] in declared
        yield Variable(
            name=use["name"],
            required=raising and bool(_RAISING.fullmatch(use["call"])) and not defaulted,
            cast=cast.group(1) if cast else use["cast"] or _type_around(use),
        )


def merged(texts: Sequence[str]) -> dict[str, Variable]:
    """The variables of several files; one is required when any of them requires it."""
    found: dict[str, Variable] = {}
    raising = any(map(_LIBRARY.search, texts))
    for variable in (each for text in texts for each in variables_in(text, raising=raising)):
        if variable.required or variable.name not in found:
            found[variable.name] = variable
    return found


def python_files(root: Path) -> Iterator[Path]:
    """Source files below a folder, at most 5,000, installed packages left out."""
    count = 0
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(
            name for name in folders if name not in NOT_SOURCE and not name.startswith(".")
        )
        for file in sorted(files):
            if file.endswith(".py"):
                yield Path(folder, file)
                count += 1
                if count == MOST_FILES:
                    return


def read_env_file(path: Path) -> dict[str, str]:
    """The variables of the env_file that the user named; NuagesError when it cannot be read."""
    try:
        return parse_env_file(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise NuagesError(
            f"cannot read the env_file {path}: {error}",
            hint="correct env_file under [tool.nuages] in pyproject.toml",
            slug="env-file",
        ) from None


def parse_env_file(text: str) -> dict[str, str]:
    """NAME=value lines, with `export`, quotes and comments as the usual readers take them."""
    lines = (line for line in text.splitlines() if not line.lstrip().startswith("#"))
    matches = (_LINE.match(line) for line in lines)
    return {match[1]: _unquoted(match[2]) for match in matches if match}


def stand_ins(needed: Mapping[str, Variable], given: Iterable[str]) -> dict[str, str]:
    """Harmless values for required secrets and servers that nobody sets: the run has its own.

    What else is required and not set only the user can know; the agent names it.
    """
    set_already = set(given)
    return {
        name: _stand_in(variable)
        for name, variable in sorted(needed.items())
        if variable.required and name not in set_already and _is_replaced(variable)
    }


def _is_replaced(variable: Variable) -> bool:
    """Whether a run puts its own in the place of what the variable names."""
    return variable.cast in _SERVER_CASTS or _REPLACED.search(variable.name.upper()) is not None


_SERVER_CASTS = frozenset({"db", "db_url", "cache", "cache_url", "email", "email_url"})
_REPLACED = re.compile(
    r"SECRET|TOKEN|PASSW|SALT|DSN|CREDENTIAL|(^|_)KEY$|ENCRYPTION|FERNET|^AWS_"
    r"|(^|_)(DATABASE|DB|SQL|MYSQL|POSTGRES|POSTGRESQL|PG)(_|[A-Z]*$)|REDIS|CACHE|BROKER|CELERY"
    r"|(^|_)E?MAIL(_|$)|SMTP"
)


def _stand_in(variable: Variable) -> str:
    name, cast = variable.name.upper(), variable.cast
    if cast in _BY_CAST:
        return _BY_CAST[cast]
    return next((value for words, value in _BY_NAME if words.search(name)), "nuages")


DATABASE = "postgres://nuages:nuages@localhost:5432/nuages"  # the overlay puts another in its place
_BY_CAST = {
    "int": "1", "float": "1.0", "bool": "False", "json": "{}", "dict": "", "list": "", "tuple": "",
    "Csv": "", "db": DATABASE, "db_url": DATABASE, "cache": "locmemcache://",
    "cache_url": "locmemcache://", "email": "consolemail://", "email_url": "consolemail://",
    "url": "http://unreachable.invalid", "path": "/tmp",
}  # fmt: skip
_BY_NAME = (
    (re.compile(r"(DATABASE|POSTGRES|DB).*(URL|DSN|URI)$"), DATABASE),
    (re.compile(r"(REDIS|BROKER|CELERY|CACHE).*(URL|URI)$"), "redis://localhost:6379/0"),
    (re.compile(r"(URL|URI|DSN|ENDPOINT)S?$"), "http://unreachable.invalid"),
    (re.compile(r"PORT$|TIMEOUT|COUNT|SIZE|(MAX|MIN)_|_ID$|SECONDS|DAYS"), "1"),
    (re.compile(r"HOSTS?$|SERVER$|DOMAIN"), "localhost"),
    (re.compile(r"EMAIL|MAIL_FROM"), "nuages@example.com"),
    (re.compile(r"FERNET|ENCRYPTION_KEY"), "bnVhZ2VzLXNjcmF0Y2gta2V5LTMyLWJ5dGVzLWxvbmc="),
    (re.compile(r"SECRET|KEY$|TOKEN|SALT"), "nuages-scratch-key-of-this-run-only"),
    (re.compile(r"^DEBUG$|_DEBUG$|^USE_|^ENABLE|ENABLED$|^IS_"), "0"),
    (re.compile(r"(DIR|PATH|ROOT|FOLDER)$"), "/tmp"),
)


def _type_around(use: re.Match[str]) -> str:
    return (use["before"] or "").strip("( ")


def _arguments(text: str, start: int) -> str:
    depth = 1
    for position in range(start, min(len(text), start + 600)):
        depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(text[position], 0)
        if depth == 0:
            return text[start:position]
    return ""


def _has_second(arguments: str) -> bool:
    """Whether a positional argument follows the name; a type or a cast is none."""
    second = re.match(r"\s*,\s*(?!\w+\s*=[^=])(?!(?:str|int|bool|float|list|dict)\b)\S", arguments)
    return second is not None


def _unquoted(value: str) -> str:
    if len(value) >= 2 and value[0] in "'\"" and value[0] in value[1:]:
        return value[1 : value.index(value[0], 1)]
    return re.split(r"\s+#", value, maxsplit=1)[0]


def text_of(path: Path) -> str:
    """A file's text, its first megabyte; "" when it cannot be read."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.read(MOST_BYTES)
    except OSError:
        return ""
