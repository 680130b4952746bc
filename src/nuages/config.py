"""What a user may tell nuages about a project: `[tool.nuages]` in its pyproject.toml, and flags."""

from __future__ import annotations

import difflib
import shlex
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, cast

from nuages.errors import NuagesError
from nuages.model import Budgets

TABLE = "tool.nuages"
HOST_POLICY = ("refuse", "allow", "stub:<ms>")


class ConfigError(NuagesError):
    """`[tool.nuages]`, or a flag, says something that cannot be meant."""

    slug = "configuration"


class MismatchError(ValueError):
    """A value of the wrong kind: what was expected, what was found, and where below its key."""

    def __init__(self, expected: str, found: object, *, below: str = "") -> None:
        super().__init__(expected)
        self.expected, self.found, self.below = expected, found, below


def _text(value: object) -> str:
    if isinstance(value, str) and value.strip():
        return value
    raise MismatchError("a string that is not empty", value)


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (_text(value),)
    if isinstance(value, list | tuple):
        return tuple(_text(item) for item in value)
    raise MismatchError("a string or a list of strings", value)


def _command(value: object) -> tuple[str, ...]:
    return tuple(shlex.split(value)) if isinstance(value, str) and value.strip() else _texts(value)


def _table(value: object, read: Callable[[object], Any], expected: str) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise MismatchError(expected, value)
    table = {}
    for key, item in value.items():
        try:
            table[str(key)] = read(item)
        except MismatchError as error:
            raise MismatchError(error.expected, item, below=f".{key}") from None
    return table


def _text_table(value: object) -> dict[str, str]:
    return _table(value, _text, "a table of strings")


def _flag(value: object) -> str | bool | int | float:
    if isinstance(value, str | bool | int | float):
        return value
    raise MismatchError("a string, a number or a boolean", value)


def _flags(value: object) -> dict[str, str | bool | int | float]:
    return _table(value, _flag, "a table of strings, numbers and booleans")


def _environment(value: object) -> dict[str, str]:
    return _table(value, lambda item: str(_flag(item)), "a table of strings")


def _policy(value: object) -> str:
    text = _text(value)
    name, _, delay = text.partition(":")
    if text in ("refuse", "allow") or (name == "stub" and delay.isdigit()):
        return text
    raise MismatchError(f"one of {', '.join(HOST_POLICY)}", value)


def _hosts(value: object) -> dict[str, str]:
    return _table(value, _policy, "a table of hosts")


def _positive(value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
        return float(value)
    raise MismatchError("a number of milliseconds above 0", value)


def _budgets(value: object) -> Budgets:
    if isinstance(value, Budgets):
        return value
    table = _table(value, _positive, "a table of milliseconds")
    known = [item.name for item in fields(Budgets)]
    for key in table:
        if key not in known:
            closest = difflib.get_close_matches(key, known, n=1)
            expected = f"one of {', '.join(known)}" + (
                f" (did you mean {closest[0]}?)" if closest else ""
            )
            raise MismatchError(expected, key, below=f".{key}")
    return Budgets(**table)


def _key(read: Callable[[object], Any], kind: str, doc: str, example: str, **default: Any) -> Any:
    about = {"read": read, "kind": kind, "doc": doc, "example": example}
    return field(metadata=about, **default)


@dataclass(frozen=True, kw_only=True)
class Config:
    """All keys of `[tool.nuages]`, every one optional; paths are relative to the project root."""

    settings: str | None = _key(
        _text, "string", "Settings module, when manage.py does not name the one to use.",
        '"shop.settings.local"', default=None,
    )  # fmt: skip
    python: tuple[str, ...] | None = _key(
        _command, "string or list of strings",
        "The project's interpreter: a path, or a command prefix that runs it.",
        '"docker compose run --rm -T web python"', default=None,
    )  # fmt: skip
    source_roots: tuple[str, ...] = _key(
        _texts, "list of strings",
        "Folders outside the project root, or installed packages, that are the project's code too.",
        '["../libs/billing", "booking_plugin"]', default=(),
    )  # fmt: skip
    env_file: str | None = _key(
        _text, "string", "File of NAME=value lines that the project reads its settings from.",
        '".env.test"', default=None,
    )  # fmt: skip
    environment: Mapping[str, str] = _key(
        _environment, "table of strings",
        "Environment variables given to the project, after `env_file`.",
        '{ STAGE = "local" }', default_factory=dict,
    )  # fmt: skip
    migrate: str | None = _key(
        _text, "string", "The management command that creates the tables, if not `migrate`.",
        '"migrate_schemas --shared"', default=None,
    )  # fmt: skip
    data_command: str | None = _key(
        _text, "string", "Management command that fills the scratch database.",
        '"make_demo_data --size small"', default=None,
    )  # fmt: skip
    fixtures: tuple[str, ...] = _key(
        _texts, "list of strings", "Fixtures that `loaddata` puts into the scratch database.",
        '["demo.json"]', default=(),
    )  # fmt: skip
    record: str | None = _key(
        _text, "string", "Command whose run is recorded: usually the project's tests.",
        '"pytest -q tests/api"', default=None,
    )  # fmt: skip
    actors: Mapping[str, str] = _key(
        _text_table, "table of strings",
        "Who asks, beside anonymous, user and staff: a name and a `module:function` that is given"
        " a test client and logs it in.",
        '{ tenant = "tests.actors:tenant_admin" }', default_factory=dict,
    )  # fmt: skip
    exclude: tuple[str, ...] = _key(
        _texts, "list of strings", "Routes never to drive, as nuages prints them; * matches.",
        '["*/export/*"]', default=(),
    )  # fmt: skip
    flags: Mapping[str, str | bool | int | float] = _key(
        _flags, "table", "Settings that are set for the run: feature flags and the like.",
        "{ NEW_CHECKOUT = true }", default_factory=dict,
    )  # fmt: skip
    budgets: Budgets = _key(  # noqa: RUF009  (a field of metadata, not a shared value)
        _budgets, "table of numbers",
        "Milliseconds: `response_ms`, `query_ms`, `slow_query_ms`, `middleware_ms`.",
        "{ response_ms = 200 }", default_factory=Budgets,
    )  # fmt: skip
    services: Mapping[str, str] = _key(
        _text_table, "table of strings",
        "Where servers come from. `postgres`: `system`, `embedded`, or the folder of its programs.",
        '{ postgres = "/opt/pgsql/bin" }', default_factory=dict,
    )  # fmt: skip
    hosts: Mapping[str, str] = _key(
        _hosts, "table of strings",
        "Hosts that the project may ask during a run: `refuse` (the default for every host),"
        " `allow`, or `stub:<ms>`.",
        '{ "geo.example.com" = "stub:80" }', default_factory=dict,
    )  # fmt: skip


def load(root: Path) -> Config:
    """Read `[tool.nuages]` of `root`/pyproject.toml; defaults when there is none."""
    path = root / "pyproject.toml"
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return Config()
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path} is not valid TOML: {error}", hint="correct that file, then run nuages again"
        ) from None
    tool = document.get("tool", {})
    table = tool.get("nuages", {}) if isinstance(tool, dict) else {}
    return read(table, source=str(path))


def read(table: object, *, source: str = "pyproject.toml") -> Config:
    """Make a Config of a parsed table; ConfigError names the key, what was expected and found."""
    if not isinstance(table, Mapping):
        raise _wrong(TABLE, MismatchError("a table", table), source)
    return replace(Config(), **_values(table, prefix=f"{TABLE}.", source=source))


def merge(config: Config, **flags: object) -> Config:
    """Let command-line flags win over the file; None means that the flag was not given."""
    given = {name: value for name, value in flags.items() if value is not None and value != ()}
    return replace(config, **_values(given, prefix="--", source="the command line"))


def _values(table: Mapping[str, object], *, prefix: str, source: str) -> dict[str, Any]:
    known = {item.name: item for item in fields(Config)}
    values = {}
    for key, value in table.items():
        if (item := known.get(key.replace("-", "_"))) is None:
            raise _unknown(prefix + key, key, list(known), source)
        try:
            values[item.name] = item.metadata["read"](value)
        except MismatchError as error:
            raise _wrong(prefix + key, error, source) from None
    return values


def _unknown(path: str, key: str, known: list[str], source: str) -> ConfigError:
    closest = difflib.get_close_matches(key.replace("-", "_"), known, n=1)
    hint = f"did you mean {closest[0]}?" if closest else f"the keys are {', '.join(known)}"
    return ConfigError(f"unknown key {path} in {source}", hint=hint)


def _wrong(path: str, error: MismatchError, source: str) -> ConfigError:
    found = f"{error.found!r} ({type(error.found).__name__})"
    return ConfigError(
        f"{path}{error.below} in {source}: expected {error.expected}, found {found}",
        hint="see docs/reference/configuration.md",
    )


def reference() -> str:
    """The reference page of the configuration, in Markdown, from the keys above."""
    rows = [_row(item) for item in fields(Config)]
    examples = "\n".join(f"{item.name} = {item.metadata['example']}" for item in fields(Config))
    return _PAGE.format(rows="\n".join(rows), examples=examples)


def _row(item: Field[Any]) -> str:
    about = cast(Mapping[str, str], item.metadata)
    return f"| `{item.name}` | {about['kind']} | {about['doc']} |"


_PAGE = """\
# Configuration

nuages finds a project on its own. What it cannot find, you tell it in the project's
`pyproject.toml`; a flag of the same name on the command line wins over the file. Every key is
optional, and paths are relative to the project root.

| key | value | meaning |
|---|---|---|
{rows}

An example of each:

```toml
[tool.nuages]
{examples}
```

An unknown key or a value of the wrong kind stops the run with the key, what was expected and what
was found.
"""
