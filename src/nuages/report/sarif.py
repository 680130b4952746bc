"""Findings as SARIF 2.1.0, which code hosts and editors show beside the code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

from nuages import __version__
from nuages.fingerprints import fingerprints, place
from nuages.model import Diagnosis, Finding, Location
from nuages.report.changes import places, ranked
from nuages.report.checkout import Checkout
from nuages.report.levels import BUDGETED, level
from nuages.rule_pages import rule_page
from nuages.rules import load_rules, sentence

Json = dict[str, Any]

SCHEMA = (
    "https://raw.githubusercontent.com/oasis-tcs/sarif-spec/master/Schemata/sarif-schema-2.1.0.json"
)
BASE = "%SRCROOT%"
ROLES = {"trigger": "triggered here", "created_at": "the queryset is from here"}


def sarif(diagnosis: Diagnosis, checkout: Checkout, *, category: str) -> Json:
    """The log of one run; `category` tells it from other analyses of the same commit."""
    findings = ranked(diagnosis.findings)
    ids = sorted({finding.rule for finding in findings})
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": _driver(ids)},
                "automationDetails": {"id": f"{category}/"},
                "columnKind": "unicodeCodePoints",
                "originalUriBaseIds": {BASE: {"description": {"text": "Root of the checkout."}}},
                "invocations": [{"executionSuccessful": True}],
                "results": [
                    _result(finding, name, ids.index(finding.rule), checkout)
                    for finding, name in zip(findings, fingerprints(findings), strict=True)
                ],
            }
        ],
    }


def _driver(ids: Iterable[str]) -> Json:
    sentences = {rule.ID: sentence(rule) for rule in load_rules()}
    return {
        "name": "nuages",
        "semanticVersion": __version__,
        "rules": [_rule(rule, sentences.get(rule, rule)) for rule in ids],
    }


def _rule(rule: str, words: str) -> Json:
    page = rule_page(rule)  # the whole text: there is no address to link to
    return {
        "id": rule,
        "name": "".join(part.capitalize() for part in rule.split("-")),
        "shortDescription": {"text": words},
        "help": {"text": page or words, **({"markdown": page} if page else {})},
        "defaultConfiguration": {"level": "error" if rule in BUDGETED else "warning"},
        "properties": {"tags": ["performance", "scaling"]},
    }


def _result(finding: Finding, name: str, index: int, checkout: Checkout) -> Json:
    text = f"{finding.message}. {finding.hint}" if finding.hint else finding.message
    return {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": level(finding),
        "message": {"text": text},
        "locations": [_location(place(finding), checkout)],
        "relatedLocations": list(_related(finding, checkout)),
        "partialFingerprints": {"nuages/v1": name},
        "rank": round(finding.evidence.share * 100, 1),
        "properties": _properties(finding),
    }


def _location(location: Location | None, checkout: Checkout) -> Json:
    """Where it is; what no file of the checkout is to blame for is shown at the settings."""
    path = checkout.path(location) if location else None
    if location is None or path is None:
        return {"physicalLocation": {"artifactLocation": _artifact(checkout.settings)}}
    told: Json = {
        "physicalLocation": {"artifactLocation": _artifact(path), "region": _region(location)}
    }
    if location.function:
        told["logicalLocations"] = [{"fullyQualifiedName": location.function, "kind": "function"}]
    return told


def _artifact(path: str) -> Json:
    return {"uri": quote(path), "uriBaseId": BASE}


def _region(location: Location) -> Json:
    """From 1; the end column is the one behind the last character."""
    region = {"startLine": location.line}
    if location.column is not None:
        region["startColumn"] = location.column + 1
    if location.end_line is not None:
        region["endLine"] = location.end_line
    if location.end_column is not None:
        region["endColumn"] = location.end_column + 1
    return region


def _related(finding: Finding, checkout: Checkout) -> Iterator[Json]:
    shown = place(finding)
    for number, (role, location) in enumerate(places(finding), start=1):
        if role in ROLES and location != shown and checkout.path(location) is not None:
            told = _location(location, checkout)
            yield {"id": number, "message": {"text": ROLES[role]}, **told}


def _properties(finding: Finding) -> Json:
    found = finding.evidence
    return {
        "concern": finding.concern,
        "confidence": round(finding.confidence, 3),
        "calls": found.calls,
        "wall_ms": round(found.wall_ms, 3),
        "routes": list(finding.routes),
    }
