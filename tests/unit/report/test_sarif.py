"""What `--sarif` writes is valid by the official schema, and points at the right characters."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from nuages.model import Evidence, Location
from nuages.report.checkout import Checkout
from nuages.report.sarif import sarif

from .samples import DIAGNOSED, EMPTY, FINDINGS

SCHEMA = json.loads((Path(__file__).parent / "data" / "sarif-schema-2.1.0.json").read_text())
VALIDATOR = jsonschema.Draft7Validator(SCHEMA, format_checker=jsonschema.FormatChecker())
CHECKOUT = Checkout(prefixes={".": "backend/", "../libs": "libs/"}, settings="backend/manage.py")


def log(*findings, checkout: Checkout = CHECKOUT) -> dict[str, Any]:
    document = sarif(
        replace(DIAGNOSED, findings=findings or FINDINGS), checkout, category="nuages/diagnose"
    )
    VALIDATOR.validate(document)
    return document["runs"][0]


def test_the_schema_refuses_what_is_no_sarif():
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate({"version": "2.1.0", "runs": [{"results": []}]})


def test_a_run_without_findings_is_valid():
    document = sarif(replace(DIAGNOSED, findings=()), CHECKOUT, category="nuages/check")
    VALIDATOR.validate(document)
    assert document["runs"][0]["results"] == []
    assert EMPTY.findings == ()


def test_every_finding_is_a_result_of_its_rule():
    run = log()
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["n-plus-one", "slow-query"]
    assert len(run["results"]) == len(FINDINGS)
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]


def test_a_rule_brings_its_page_along():
    rule = log()["tool"]["driver"]["rules"][0]
    assert rule["name"] == "NPlusOne"
    assert rule["help"]["markdown"].startswith("# n-plus-one\n")
    assert ".md)" not in rule["help"]["markdown"]
    assert "helpUri" not in rule  # there is no address that would stay


def test_a_region_counts_characters_from_one():
    (place,) = log(FINDINGS[0])["results"][0]["locations"]
    assert log()["columnKind"] == "unicodeCodePoints"
    assert place["physicalLocation"] == {
        "artifactLocation": {"uri": "backend/chorus/feed/views.py", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 25, "startColumn": 31, "endLine": 25, "endColumn": 50},
    }
    assert place["logicalLocations"][0]["fullyQualifiedName"] == "FeedView.get"


def test_where_the_queryset_is_from_is_a_related_location():
    (related,) = log(FINDINGS[0])["results"][0]["relatedLocations"]
    assert related["message"]["text"] == "the queryset is from here"
    assert related["physicalLocation"]["region"]["startLine"] == 11


def test_a_finding_is_the_same_in_the_next_run_wherever_its_line_went():
    moved = replace(FINDINGS[0], location=replace(FINDINGS[0].location, line=99))
    names = {
        log(one)["results"][0]["partialFingerprints"]["nuages/v1"] for one in (FINDINGS[0], moved)
    }
    other = log(FINDINGS[1])["results"][0]["partialFingerprints"]["nuages/v1"]
    assert len(names) == 1
    assert other not in names


@pytest.mark.parametrize(
    ("change", "level"),
    [
        ({}, "warning"),
        ({"rule": "slow-query"}, "error"),
        ({"confidence": 0.3, "rule": "slow-query"}, "note"),
        ({"evidence": Evidence(wall_ms=1, share=0.001, route_share=0.01)}, "note"),
        ({"evidence": Evidence(wall_ms=1, share=0.001, route_share=0.5)}, "warning"),
        ({"evidence": Evidence(wall_ms=1, share=0.001), "concern": "hazard"}, "warning"),
        ({"evidence": Evidence()}, "warning"),
    ],
)
def test_the_level_is_by_confidence_and_cost(change, level):
    assert log(replace(FINDINGS[0], **change))["results"][0]["level"] == level


def test_what_no_line_is_to_blame_for_is_shown_at_the_settings():
    bare = replace(FINDINGS[0], location=None, created_at=None, trigger=None)
    outside = replace(bare, location=Location(file="x/y.py", line=3, root=""))
    for finding in (bare, outside):
        (place,) = log(finding)["results"][0]["locations"]
        assert place["physicalLocation"]["artifactLocation"]["uri"] == "backend/manage.py"


def test_paths_are_uris():
    finding = replace(FINDINGS[0], location=Location(file="grün/a b#c.py", line=1, root="../libs"))
    (place,) = log(finding)["results"][0]["locations"]
    uri = place["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "libs/gr%C3%BCn/a%20b%23c.py"


def test_automation_details_tell_analyses_apart():
    assert log()["automationDetails"]["id"] == "nuages/diagnose/"
