"""Figures of a finding are named in words, with the unit at the end of their name."""

from __future__ import annotations

from dataclasses import replace

from nuages.model import Evidence
from nuages.report.evidence import blocks, facts

from .sample_findings import FINDINGS


def told(**figures: float | str) -> dict[str, str]:
    finding = replace(FINDINGS[0], evidence=Evidence(figures=figures))
    return dict(facts(finding))


def test_what_was_measured_is_told():
    shown = dict(facts(FINDINGS[0]))
    assert shown["Queries"] == "6,200 in 62 requests"
    assert shown["Time in all"] == "1,612 ms, 33 % of everything"
    assert shown["Confidence"] == "97 %"


def test_nothing_is_told_of_what_was_not_measured():
    assert told() == {"Confidence": "97 %"}


def test_a_rules_own_figures_have_their_units():
    assert told(
        connect_ms=3.5, table_bytes=2_300_000, hit_rate=0.87, open_ns=2e6, workers=4, ms=7,
        reader="replica", ms_per_request=12, unread_bytes_a_row=1_200, index_mb=0.04,
    ) == {
        "Connect": "3.5 ms", "Table": "2.3 MB", "Hit rate": "87 %", "Open": "2 ms",
        "Workers": "4", "Ms": "7", "Reader": "replica", "Per request": "12 ms",
        "Unread a row": "1.2 kB", "Index": "40 kB", "Confidence": "97 %",
    }  # fmt: skip


def test_numbers_in_names_are_written_like_other_numbers():
    assert told(queries_at_300_rows=300, queries_at_1500_rows=333) == {
        "Queries at 300 rows": "300", "Queries at 1,500 rows": "333", "Confidence": "97 %",
    }  # fmt: skip


def test_plans_and_long_texts_are_blocks():
    figures = {"plan": "Seq Scan", "note": "a\nb", "plan_before": "x", "short": "y", "n": 1}
    assert dict(blocks(figures)) == {"Plan": "Seq Scan", "Note": "a\nb", "Plan before": "x"}
    assert told(**figures).keys() == {"Short", "N", "Confidence"}
