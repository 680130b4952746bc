"""The rules, listed and explained, for people and for programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
from click.testing import CliRunner

from nuages.cli import about

REFERENCE = Path(__file__).resolve().parents[3] / "docs" / "reference"


def printed(command: Any, *arguments: str, schema: str) -> dict[str, Any]:
    """What a command prints with --json, which its schema allows."""
    done = CliRunner().invoke(command, [*arguments, "--json"])
    assert done.exit_code == 0, done.output
    document: dict[str, Any] = json.loads(done.output)
    jsonschema.validate(document, json.loads((REFERENCE / f"{schema}.schema.json").read_text()))
    return document


def test_a_rule_is_explained_as_json() -> None:
    told = printed(about.explain, "n-plus-one", schema="explain")
    plain = CliRunner().invoke(about.explain, ["n-plus-one"]).output
    assert told["page"].strip() == plain.strip()
    assert told["rule"] == "n-plus-one"
    assert told["sentence"]


def test_the_rules_are_listed_as_json() -> None:
    told = printed(about.rules, schema="rules")
    explained = printed(about.explain, "n-plus-one", schema="explain")
    assert told["rules"]["n-plus-one"] == explained["sentence"]
