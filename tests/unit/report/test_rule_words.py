"""Rules are told by the sentence of their module."""

from __future__ import annotations

from dataclasses import replace

from nuages.report.rule_words import rule_words

from .sample_findings import FINDINGS


def test_each_rule_that_found_something_is_told():
    words = rule_words(FINDINGS)
    assert words.keys() == {"n-plus-one", "slow-query"}
    assert words["slow-query"].summary == (
        "Single queries that take longer than the budget allows."
    )
    assert words["slow-query"].page == "docs/rules/slow-query.md"
    assert sum(rule.findings for rule in words.values()) == len(FINDINGS)


def test_a_rule_that_is_not_ours_has_no_page():
    words = rule_words([replace(FINDINGS[0], rule="<b>")])["<b>"]
    assert (words.summary, words.page) == ("", "")


def test_without_findings_there_are_no_rules():
    assert rule_words([]) == {}
