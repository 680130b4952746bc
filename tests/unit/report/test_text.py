"""The terminal report says what matters first, and fits."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from nuages.model import Coverage, Evidence, Fix, LedgerEntry, Location, RouteCoverage, StaleIgnore
from nuages.report.page import breaks
from nuages.report.text import render_diagnosis, render_fixes, render_tune

from .samples import COVERAGE, DIAGNOSED, EMPTY, FINDINGS, TUNED


def printed(render, value, *, width=80, colour=False, encoding="utf-8", **more) -> str:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    console = Console(
        file=stream,
        width=width,
        force_terminal=colour,
        color_system="standard" if colour else None,
        legacy_windows=False,
    )
    render(value, console, **more)
    stream.flush()
    return stream.buffer.getvalue().decode(encoding)


def sections(text: str) -> list[str]:
    """The headings: lines that begin with a capital at the left edge."""
    return [line.partition(":")[0] for line in text.splitlines() if re.match(r"[A-Z]", line)]


def test_the_order_is_coverage_result_findings_and_what_to_do():
    text = printed(render_tune, TUNED, html=Path(".nuages/tune.html"))
    assert sections(text) == [
        "Coverage", "Result", "Where the time went", "Findings", "Routes", "Verified fixes",
        "Enclosure", "Settings changed for the run", "Notes", "Next",
    ]  # fmt: skip
    assert text.rstrip().splitlines()[-1].split()[0] == ".nuages/tune.html"
    assert "nuages tune --apply" in text


def test_a_diagnosis_is_coverage_time_and_findings():
    assert sections(printed(render_diagnosis, DIAGNOSED)) == [
        "Coverage", "Where the time went", "Findings", "Next",
    ]  # fmt: skip


def test_it_says_over_what_it_judged_and_what_it_cannot_know():
    text = printed(render_diagnosis, replace(DIAGNOSED, coverage=COVERAGE))
    requests = sum(route.requests for route in COVERAGE.routes)
    assert f"17 of {len(COVERAGE.routes)} routes reached" in text
    assert f"Judged over {requests} requests" in text
    assert "Routes that nobody requested" not in text
    alone = printed(
        render_diagnosis, replace(DIAGNOSED, coverage=replace(COVERAGE, is_whole=False, jobs=1))
    )
    assert f"17 of {len(COVERAGE.routes)} requested routes reached" in alone
    assert re.search(r"Judged over .*, 1 command or task\.", alone)
    assert "Routes that nobody requested are not known here" in alone


def test_a_finding_says_where_what_how_much_and_what_to_do():
    text = printed(render_diagnosis, DIAGNOSED, width=160)
    finding = text[text.index(" 1  ") : text.index(" 2  ")]
    assert finding.split("\n")[0] == " 1  chorus/feed/views.py:25:31  in FeedView.get"
    for said in (
        "n-plus-one: User.profile is loaded for each post: 100 queries per request",
        "1,612 ms, 33 % of all time · 6,200 queries in 62 requests, at most 100 in one",
        "queryset from  chorus/feed/selectors.py:11:9  in visible_posts",
        'hint           add .select_related("author__profile") to the queryset',
        "verified: 153 → 53 queries; same answers to 62 requests, the loop saw 50 rows; "
        "tests: 12 of 4,310 run",
    ):
        assert said in finding


def test_a_template_line_is_named_as_the_trigger():
    assert "triggered by   templates/feed/trending.html:7:41" in printed(render_tune, TUNED)


def test_long_names_are_broken_where_a_reader_would():
    name = "notifications.tests.DigestTests.test_digest_of_nobody"
    assert list(breaks(name, 30)) == [20, 32]
    assert list(breaks("shop/management/commands/digest.py:50", 30)) == [25]
    assert list(breaks("x" * 25, 10)) == [10, 20]
    assert list(breaks("test_a_long_name_of_a_test", 12)) == [12, 22]
    assert not list(breaks(name, 60))
    found = replace(FINDINGS[0], routes=(), tests=(name,))
    text = printed(render_diagnosis, replace(DIAGNOSED, findings=(found,)), width=60)
    assert re.search(r"notifications\.tests\.DigestTests\.\n +test_digest_of_nobody", text)


def test_the_most_in_one_is_said_of_several():
    once = replace(FINDINGS[0].evidence, requests=1, calls=5, per_request_max=5)
    text = printed(
        render_diagnosis, replace(DIAGNOSED, findings=(replace(FINDINGS[0], evidence=once),))
    )
    assert "5 queries in 1 request" in text
    assert "at most" not in text


@pytest.mark.parametrize("width", [60, 80, 120, 160])
def test_lines_fit_but_for_those_that_must_not_be_broken(width):
    text = printed(render_tune, TUNED, width=width)
    whole = {line for finding in FINDINGS for line in finding.fix.diff.splitlines()}
    for line in text.splitlines():
        assert len(line) <= width or line in whole or re.match(r"( ?\d+|  …|  nuages)  ?", line)


def test_a_pipe_gets_plain_text_and_whole_diffs():
    text = printed(render_tune, TUNED)
    assert "\x1b" not in text
    assert not re.search("[─-╿]", text)
    assert FINDINGS[0].fix.diff in text
    diffs = {line for finding in FINDINGS for line in finding.fix.diff.splitlines()}
    padded = [line for line in text.splitlines() if line != line.rstrip() and line not in diffs]
    assert padded == []


def test_colour_changes_no_character():
    coloured = printed(render_tune, TUNED, colour=True)
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == printed(render_tune, TUNED)


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1"])
def test_other_encodings_get_their_nearest_characters(encoding):
    text = printed(render_tune, TUNED, encoding=encoding)
    assert "78 -> 30 queries per request" in " ".join(text.split())
    assert "after 6 verified fixes." in " ".join(text.split())


def test_what_the_project_says_is_text_and_nothing_more():
    hostile = "[red]x[/red] \x1b]0;owned\x07 \x9b2J \udcff 名前"
    location = Location(file=hostile, line=1)
    finding = replace(FINDINGS[0], message=hostile, hint=hostile, location=location)
    text = printed(render_diagnosis, replace(DIAGNOSED, findings=(finding,), project=hostile))
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", text)
    assert "[red]x[/red]" in text
    assert "名前" in text
    printed(render_diagnosis, replace(DIAGNOSED, findings=(finding,)), encoding="ascii")


def test_fixes_are_printed_with_their_diffs_and_how_to_write_them():
    offered = printed(render_fixes, DIAGNOSED, applied=False)
    assert "nuages fix --apply" in offered
    assert "+++ b/" in offered
    written = printed(render_fixes, DIAGNOSED, applied=True)
    assert "nuages fix --apply" not in written
    assert "written to the tree" in written


def test_it_does_not_dump():
    many = replace(
        TUNED,
        findings=FINDINGS * 10,
        ledger=tuple(
            LedgerEntry(kind="connect", target=f"h{n}:80", verdict="denied", origin=None,
                        via="kernel")
            for n in range(50)
        ),
        overrides=tuple(f"SETTING_{n}" for n in range(50)),
        notes=tuple(f"note {n}" for n in range(50)),
        coverage=replace(
            COVERAGE,
            routes=tuple(
                RouteCoverage(route=f"GET /{n}/", state="failed", reason=f"error {n}")
                for n in range(300)
            ),
        ),
    )  # fmt: skip
    text = printed(render_tune, many)
    for said in (
        "… and 110 more findings, see the HTML report",
        "… and 288 more routes, see the HTML report",
        "… and 40 more attempts, see the HTML report",
        "… and 42 more settings, see the HTML report",
    ):
        assert said in text
    assert len(text.splitlines()) < 350


def test_routes_missed_for_one_reason_are_one_row():
    routes = tuple(
        RouteCoverage(route=f"GET /invite/{n}/", state="not driven", reason="Invite has no rows")
        for n in range(90)
    )
    text = printed(render_tune, replace(EMPTY, coverage=Coverage(routes=routes)))
    assert "0 of 90 routes reached · 90 not driven" in text
    assert "GET /invite/0/ and 89 more" in text


def test_an_empty_run_says_so():
    text = printed(render_tune, EMPTY)
    assert "No route is known, so none was reached." in text
    assert "No request was measured" in text
    assert "None in what was reached." in text
    assert "Next" not in text


def test_apply_is_not_offered_when_it_was_done_or_nothing_is_verified():
    assert "--apply" not in printed(render_tune, TUNED, apply="")
    proposed = replace(TUNED, findings=tuple(f for f in FINDINGS if f.fix.status != "verified"))
    assert "--apply" not in printed(render_tune, proposed)


def test_where_the_time_went_comes_before_the_findings():
    page = printed(render_diagnosis, DIAGNOSED, width=160)
    assert "  52 % database · 31 % CPU · 12 % other servers · 4 % waiting" in page
    assert "Other servers: https://api.example.com 2,880 ms." in page
    assert "Garbage collection took 8 % of the CPU time." in page
    assert "Memory grows by 42 kB each time: GET /feed/" in page
    assert page.index("Where the time went") < page.index("\nFindings")


def test_where_the_time_went_is_left_out_where_it_was_not_measured():
    assert "Where the time went" not in printed(render_tune, EMPTY)


HAZARD = replace(
    FINDINGS[0],
    rule="local-cache",
    message="CACHES is one process's own",
    concern="hazard",
    evidence=Evidence(wall_ms=9_000, figures={"hit_share": 0.5, "saved_ms": 1_200.0}),
)
MIXED = replace(DIAGNOSED, findings=(HAZARD, *FINDINGS))


@pytest.mark.parametrize("width", [60, 100, 160])
def test_hazards_come_after_what_costs_time(width):
    text = printed(render_diagnosis, MIXED, width=width, limit=20)
    assert sections(text)[2:4] == ["Findings", "Hazards"]
    assert "Findings: 12" in text
    assert "Hazards: 1" in text
    assert text.index("n-plus-one: ") < text.index("local-cache: ")
    assert "13  chorus/feed/views.py:25:31" in text


def test_a_rules_own_figures_are_a_line():
    text = printed(render_diagnosis, MIXED, width=160)
    assert "figures        hit share 50 % · saved 1,200 ms" in text


def test_a_finding_that_was_only_read_has_no_cost():
    read = replace(FINDINGS[0], evidence=Evidence())
    assert "cost" not in printed(render_diagnosis, replace(DIAGNOSED, findings=(read,)))


def test_no_fix_and_no_reason_are_no_line():
    (finding, *_) = FINDINGS
    bare = replace(finding, fix=Fix(status="none"))
    told = printed(render_diagnosis, replace(DIAGNOSED, findings=(bare,)))
    assert not re.search(r"^ +fix\b", told, re.MULTILINE)


def test_no_more_findings_than_asked_for():
    text = printed(render_diagnosis, MIXED, limit=3)
    assert "… and 9 more findings, see --json" in text
    assert " 3  " in text
    assert " 4  " not in text


def test_what_is_silenced_is_counted_and_what_is_stale_is_named():
    stale = StaleIgnore(by="comment", text="nuages: ignore[n-plus-one]", where="shop/views.py:3")
    silenced = replace(DIAGNOSED, silenced={"baseline": 1, "comment": 2}, stale=(stale,))
    for width in (60, 120):
        text = printed(render_diagnosis, silenced, width=width)
        words = " ".join(text.split())
        assert "3 findings silenced: 1 by the baseline, 2 by comments." in words
        assert "Stale ignores" in sections(text)
        assert "shop/views.py:3 nuages: ignore[n-plus-one]" in words
