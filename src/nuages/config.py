"""What a user may tell nuages about a project: `[tool.nuages]` in its pyproject.toml, and flags."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, cast

from nuages import config_kinds as kinds
from nuages.errors import NuagesError
from nuages.model import Budgets
from nuages.topology import table as topology_table

TABLE = "tool.nuages"


class ConfigError(NuagesError):
    """`[tool.nuages]`, or a flag, says something that cannot be meant."""

    slug = "configuration"


def _key(read: Callable[[object], Any], kind: str, doc: str, example: str, **default: Any) -> Any:
    about = {"read": read, "kind": kind, "doc": doc, "example": example}
    return field(metadata=about, **default)


@dataclass(frozen=True, kw_only=True)
class Config:
    """All keys of `[tool.nuages]`, every one optional; paths are relative to the project root."""

    settings: str | None = _key(
        kinds.text, "string", "Settings module, when manage.py does not name the one to use.",
        '"shop.settings.local"', default=None,
    )  # fmt: skip
    python: tuple[str, ...] | None = _key(
        kinds.command, "string or list of strings",
        "The project's interpreter: a path, or a command prefix that runs it.",
        '"docker compose run --rm -T web python"', default=None,
    )  # fmt: skip
    source_roots: tuple[str, ...] = _key(
        kinds.texts, "list of strings",
        "Folders outside the project root, or installed packages, that are the project's code too.",
        '["../libs/billing", "booking_plugin"]', default=(),
    )  # fmt: skip
    env_file: str | None = _key(
        kinds.text, "string", "File of NAME=value lines that the project reads its settings from.",
        '".env.test"', default=None,
    )  # fmt: skip
    environment: Mapping[str, str] = _key(
        kinds.environment, "table of strings",
        "Environment variables given to the project, after `env_file`.",
        '{ STAGE = "local" }', default_factory=dict,
    )  # fmt: skip
    migrate: str | None = _key(
        kinds.text, "string", "The management command that creates the tables, if not `migrate`.",
        '"migrate_schemas --shared"', default=None,
    )  # fmt: skip
    data_command: str | None = _key(
        kinds.text, "string", "Management command that fills the scratch database.",
        '"make_demo_data --size small"', default=None,
    )  # fmt: skip
    fixtures: tuple[str, ...] = _key(
        kinds.texts, "list of strings", "Fixtures that `loaddata` puts into the scratch database.",
        '["demo.json"]', default=(),
    )  # fmt: skip
    record: str | None = _key(
        kinds.text, "string", "Command whose run is recorded: usually the project's tests.",
        '"pytest -q tests/api"', default=None,
    )  # fmt: skip
    tests: str | None = _key(
        kinds.text, "string",
        "Command that runs the project's tests, where the site is driven: they are run without the"
        " fixes and with them, and a fix that breaks one is refused.",
        '"pytest -q"', default=None,
    )  # fmt: skip
    actors: Mapping[str, str] = _key(
        kinds.text_table, "table of strings",
        "Who asks, beside anonymous, user and staff: a name and a `module:function` that is given"
        " a test client and logs it in.",
        '{ tenant = "tests.actors:tenant_admin" }', default_factory=dict,
    )  # fmt: skip
    exclude: tuple[str, ...] = _key(
        kinds.texts, "list of strings", "Routes never to drive, as nuages prints them; * matches.",
        '["*/export/*"]', default=(),
    )  # fmt: skip
    crawl_seconds: float = _key(
        kinds.positive, "number", "How long the site is driven to be recorded, at most.",
        "120", default=45.0,
    )  # fmt: skip
    cache_seconds: int | None = _key(
        kinds.at_least_one, "whole number",
        "How old a result may be that is the same for everybody: queries that are asked again and"
        " again are kept that long by an edit. Without it none is kept.",
        "60", default=None,
    )  # fmt: skip
    flags: Mapping[str, str | bool | int | float] = _key(
        kinds.flags, "table", "Settings that are set for the run: feature flags and the like.",
        "{ NEW_CHECKOUT = true }", default_factory=dict,
    )  # fmt: skip
    budgets: Budgets = _key(  # noqa: RUF009  (a field of metadata, not a shared value)
        kinds.budgets, "table",
        "Milliseconds: `response_ms`, `query_ms`, `slow_query_ms`, `middleware_ms`. For test"
        " suites, see [Budgets in CI](../how-to/ci.md): `max_queries`, `time_tolerance`, and tables"
        " of limits by route and by test, `routes` and `tests`.",
        '{ response_ms = 200, routes = { "GET /posts/" = { max_queries = 10 } } }',
        default_factory=Budgets,
    )  # fmt: skip
    ignore: tuple[str, ...] = _key(
        kinds.texts, "list of strings",
        "Findings not to report: a rule, a rule and the files, or the routes, that it is not"
        " reported of; see [Silence a finding](../how-to/silencing.md).",
        '["over-fetch", "n-plus-one:legacy/*", "slow-query:GET /reports/*"]', default=(),
    )  # fmt: skip
    services: Mapping[str, str] = _key(
        kinds.text_table, "table of strings",
        "Where servers come from. `postgres`: `system`, `embedded`, or the folder of its programs.",
        '{ postgres = "/opt/pgsql/bin" }', default_factory=dict,
    )  # fmt: skip
    topology: Mapping[str, Any] = _key(
        topology_table.topology, "table",
        "What `nuages up` runs: services, pools, cache, databases; see"
        " [Scale out here](../how-to/up.md).",
        "{ port = 8000, services = { web = { replicas = 2 } } }", default_factory=dict,
    )  # fmt: skip
    hosts: Mapping[str, str] = _key(
        kinds.hosts, "table of strings",
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
        raise _wrong(TABLE, kinds.MismatchError("a table", table), source)
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
        except kinds.MismatchError as error:
            raise _wrong(prefix + key, error, source) from None
    return values


def _unknown(path: str, key: str, known: list[str], source: str) -> ConfigError:
    closest = difflib.get_close_matches(key.replace("-", "_"), known, n=1)
    hint = f"did you mean {closest[0]}?" if closest else f"the keys are {', '.join(known)}"
    return ConfigError(f"unknown key {path} in {source}", hint=hint)


def _wrong(path: str, error: kinds.MismatchError, source: str) -> ConfigError:
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
