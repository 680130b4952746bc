"""What `[tool.nuages]` and flags may say, and how a mistake is told."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from nuages import config
from nuages.config import Config, ConfigError

ROOT = Path(__file__).parents[2]


def test_a_project_without_pyproject_has_the_defaults(tmp_path: Path) -> None:
    assert config.load(tmp_path) == Config()


def test_another_tools_pyproject_has_the_defaults(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.black]\nline-length = 88\n")
    assert config.load(tmp_path) == Config()


def test_keys_are_read_with_their_kinds(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        "[tool.nuages]\n"
        'settings = "shop.settings"\n'
        'python = "docker compose run --rm web python"\n'
        'fixtures = "demo.json"\n'
        "budgets = { response_ms = 200 }\n"
        'hosts = { "api.example.com" = "stub:80" }\n'
        "environment = { WORKERS = 2 }\n"
    )
    read = config.load(tmp_path)
    assert read.python == ("docker", "compose", "run", "--rm", "web", "python")
    assert read.fixtures == ("demo.json",)
    assert (read.budgets.response_ms, read.budgets.query_ms) == (200, 20)
    assert read.hosts == {"api.example.com": "stub:80"}
    assert read.environment == {"WORKERS": "2"}


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"python": 3}, "tool.nuages.python in pyproject.toml: expected a string or a list"),
        ({"settings": ""}, "tool.nuages.settings in pyproject.toml: expected a string that is not"),
        ({"fixtures": ["a", 1]}, "expected a string that is not empty, found 1 (int)"),
        ({"hosts": {"a.com": "drop"}}, "tool.nuages.hosts.a.com in pyproject.toml: expected one"),
        ({"budgets": {"query_ms": 0}}, "tool.nuages.budgets.query_ms in pyproject.toml: expected"),
        ({"budgets": {"qery_ms": 1}}, "did you mean query_ms?"),
        ([], "tool.nuages in pyproject.toml: expected a table, found [] (list)"),
    ],
)
def test_a_wrong_value_is_told_with_its_key_and_what_was_expected(
    table: object, message: str
) -> None:
    with pytest.raises(ConfigError) as error:
        config.read(table)
    assert message in error.value.message


def test_an_unknown_key_is_told_with_the_closest_known_one() -> None:
    with pytest.raises(ConfigError) as error:
        config.read({"fixture": ["a.json"]})
    assert error.value.message == "unknown key tool.nuages.fixture in pyproject.toml"
    assert error.value.hint == "did you mean fixtures?"


def test_invalid_toml_is_told_with_its_file(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.nuages\n")
    with pytest.raises(ConfigError, match=r"pyproject\.toml is not valid TOML"):
        config.load(tmp_path)


def test_flags_win_over_the_file_and_absent_flags_do_not() -> None:
    read = config.read({"settings": "a.settings", "record": "pytest"})
    merged = config.merge(read, settings="b.settings", record=None, fixtures=())
    assert (merged.settings, merged.record) == ("b.settings", "pytest")


def test_a_wrong_flag_is_told_as_a_flag() -> None:
    with pytest.raises(ConfigError, match=r"--hosts\.a in the command line"):
        config.merge(Config(), hosts={"a": "no"})


def test_the_reference_page_is_the_one_in_the_docs() -> None:
    page = (ROOT / "docs/reference/configuration.md").read_text("utf-8")
    assert page == config.reference()


def test_the_reference_page_has_every_key_and_its_example_is_valid() -> None:
    import tomllib

    page = config.reference()
    table = tomllib.loads(page.split("```toml")[1].split("```")[0])["tool"]["nuages"]
    assert set(table) == {item.name for item in fields(Config)}
    config.read(table)
