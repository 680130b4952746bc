"""The JSON is what docs/reference/json.md says it is, whatever the values."""

from __future__ import annotations

import json
import math
import random
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tools import schemas

from nuages.model import StaleIgnore
from nuages.report.json import diagnosis_json, tune_json

from .samples import DIAGNOSED, EMPTY, FINDINGS, TUNED

REFERENCE = Path(__file__).parents[3] / "docs" / "reference" / "json.md"
PLAIN = {"str": str, "int": int, "number": (int, float), "bool": bool, "null": type(None)}


def documented() -> dict[str, dict[str, str]]:
    """The tables of the reference page: table → key → type."""
    tables: dict[str, dict[str, str]] = {}
    for line in REFERENCE.read_text().splitlines():
        if heading := re.match(r"## (\w+)", line):
            keys = tables[heading[1]] = {}
        elif row := re.match(r"\| `(\w+)` \| ((?:\\\||[^|])+) \|", line):
            keys[row[1]] = row[2].replace("\\|", "|")
    return tables


def check(value: Any, spelled: str, tables: dict[str, dict[str, str]], path: str) -> None:
    """Assert that a value is of a type as the page spells it."""
    if "|" in spelled:
        wanted, _ = (part.strip() for part in spelled.split("|"))
        if value is not None:
            check(value, wanted, tables, path)
    elif spelled.startswith("["):
        assert isinstance(value, list), path
        for index, item in enumerate(value):
            check(item, spelled[1:-1], tables, f"{path}[{index}]")
    elif spelled.startswith("{"):
        assert isinstance(value, dict), path
        for key, item in value.items():
            check(item, spelled[1:-1], tables, f"{path}.{key}")
    elif spelled == "any":
        assert isinstance(value, str | int | float), path
    elif spelled in PLAIN:
        assert isinstance(value, PLAIN[spelled]), f"{path}: {value!r} is not {spelled}"
        assert not isinstance(value, bool) or spelled == "bool", path
    else:
        assert set(value) == set(tables[spelled]), path
        for key, item in value.items():
            check(item, tables[spelled][key], tables, f"{path}.{key}")


@pytest.mark.parametrize("result", [TUNED, EMPTY], ids=["chorus", "empty"])
def test_tune_is_as_documented(result):
    check(tune_json(result), "Tune", documented(), "tune")


def test_a_diagnosis_is_as_documented():
    check(diagnosis_json(DIAGNOSED), "Diagnosis", documented(), "diagnosis")


def test_the_contract_keys_are_there():
    finding = diagnosis_json(DIAGNOSED)["findings"][0]
    assert finding["location"] == {
        "file": "chorus/feed/views.py", "line": 25, "column": 30, "end_line": 25,
        "end_column": 49, "function": "FeedView.get", "root": ".",
    }  # fmt: skip
    assert finding["remedy"] == {"kind": "select_related", "path": "author__profile"}
    assert finding["fix"]["status"] == "verified"
    assert finding["fix"]["diff"].startswith("--- a/chorus/feed/selectors.py\n")


def test_the_order_of_what_comes_in_does_not_matter():
    shuffled = list(FINDINGS)
    random.Random(7).shuffle(shuffled)
    routes = dict(reversed(TUNED.before.routes.items()))
    other = replace(TUNED, findings=tuple(shuffled), before=replace(TUNED.before, routes=routes))
    assert json.dumps(tune_json(other)) == json.dumps(tune_json(TUNED))


def test_findings_come_by_cost():
    costs = [finding["evidence"]["wall_ms"] for finding in tune_json(TUNED)["findings"]]
    assert costs == sorted(costs, reverse=True)


def test_an_edit_that_answers_two_findings_is_one_fix():
    fixes = tune_json(TUNED)["fixes"]
    assert [fix["status"] for fix in fixes] == ["verified"] * 6 + ["proposed"]
    assert [5, 6] in [fix["findings"] for fix in fixes]


def test_what_is_not_a_number_becomes_null():
    evidence = replace(FINDINGS[0].evidence, share=math.nan, p95_ms=math.inf)
    result = replace(TUNED, findings=(replace(FINDINGS[0], evidence=evidence),))
    text = json.dumps(tune_json(result), allow_nan=False)
    assert json.loads(text)["findings"][0]["evidence"]["p95_ms"] is None


SCHEMAS = REFERENCE.parent


def validator(name: str) -> jsonschema.Draft202012Validator:
    schema = json.loads((SCHEMAS / f"{name}.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def test_the_documents_are_valid_by_their_schemas():
    for result in (TUNED, EMPTY):
        validator("tune").validate(tune_json(result))
    stale = StaleIgnore(by="comment", text="nuages: ignore", where="shop/views.py:3")
    silenced = replace(DIAGNOSED, silenced={"baseline": 2}, stale=(stale,))
    validator("diagnosis").validate(diagnosis_json(silenced))


def test_the_schemas_refuse_other_documents():
    document = diagnosis_json(DIAGNOSED)
    for broken in (
        {**document, "schema": 2},
        {**document, "findings": [{}]},
        {key: value for key, value in document.items() if key != "silenced"},
    ):
        assert list(validator("diagnosis").iter_errors(broken))


def test_the_schemas_are_those_of_the_page():
    texts = schemas.texts()
    assert texts == {name: (SCHEMAS / name).read_text("utf-8") for name in texts}


def test_a_rules_own_figures_are_told():
    evidence = replace(FINDINGS[0].evidence, figures={"hit_share": 0.5, "plan": "Seq Scan"})
    result = diagnosis_json(replace(DIAGNOSED, findings=(replace(FINDINGS[0], evidence=evidence),)))
    assert result["findings"][0]["evidence"]["figures"] == {"hit_share": 0.5, "plan": "Seq Scan"}
