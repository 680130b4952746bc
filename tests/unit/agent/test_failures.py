"""What exceptions are read as."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from nuages.agent import failures
from nuages.errors import NuagesError


class ImproperlyConfigured(Exception):
    """Named as Django names it; the name is what counts."""


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (ImproperlyConfigured("Set the DATABASE_URL environment variable"), "DATABASE_URL"),
        (ImproperlyConfigured("The SECRET_KEY setting must not be empty."), None),
        (ValueError("invalid literal for int(): 'ABCD'"), None),
        (KeyError("COLOR"), None),
    ],
)
def test_the_variable_that_an_exception_names(error: Exception, name: str | None) -> None:
    assert failures.missing_variable(error) == name


def test_a_variable_read_from_the_environment() -> None:
    with pytest.raises(KeyError) as caught:
        os.environ["NO_SUCH_VARIABLE"]
    assert failures.missing_variable(caught.value) == "NO_SUCH_VARIABLE"


def test_the_cause_says_more_than_what_it_was_turned_into() -> None:
    try:
        try:
            os.environ["NO_SUCH_VARIABLE"]
        except KeyError as error:
            raise RuntimeError("settings are broken") from error
    except RuntimeError as error:
        told = failures.describe(error, doing="setup")
    assert told["slug"] == "environment"
    assert told["exception"] == "RuntimeError"


def test_an_error_of_ours_stays_what_it_is() -> None:
    told = failures.describe(NuagesError("a", hint="b", detail="c", slug="d"))
    assert (told["message"], told["hint"], told["detail"], told["slug"]) == ("a", "b", "c", "d")


def test_a_brief_names_the_line() -> None:
    try:
        raise ValueError("one\ntwo")
    except ValueError as error:
        told = failures.brief(error)
    assert told.splitlines()[-1] == "ValueError: one two"
    assert "test_failures.py" in told.splitlines()[0]


def test_a_brief_names_the_line_that_cannot_be_parsed(tmp_path: Path) -> None:
    broken = tmp_path / "settings.py"
    with pytest.raises(SyntaxError) as caught:
        compile("DEBUG = True\nALLOWED_HOSTS = = []\n", str(broken), "exec")
    assert failures.brief(caught.value).startswith(f"{broken}:2\nSyntaxError: invalid syntax")


def test_settings_that_fail_name_their_line_and_how_variables_are_given() -> None:
    with pytest.raises(ValueError, match="base 10") as caught:
        int("")
    told = failures.describe(caught.value, doing="facts")
    assert told["slug"] == "settings-import"
    assert f"{__file__}:" in told["detail"]
    assert "--env NAME=…" in told["hint"]
