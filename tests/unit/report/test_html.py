"""The page holds everything, needs nothing, and runs nothing but its own script."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from nuages.model import (
    Coverage,
    Fix,
    LedgerEntry,
    Location,
    Recording,
    RouteCoverage,
    RouteFigures,
    StaleIgnore,
)
from nuages.report.html import MAX_BYTES, render_diagnosis_html, render_html

from .sample_recording import RECORDING, big_recording, hostile_recording
from .samples import COVERAGE, DIAGNOSED, EMPTY, FEED, FINDINGS, TUNED

VOID = {"meta", "link", "input", "wbr", "rect", "br"}
HOSTILE = '</script><img src=x onerror="alert(1)">\'"&{{ 7001*7001 }}</style><!--'


class Page(HTMLParser):
    """What the tests ask of a page: its elements, its texts by id, whether tags are balanced."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str, str]] = []
        self.texts: list[str] = []
        self.scripts: list[str] = []
        self.styles = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags[tag] += 1
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] == "script":
            self.scripts.append(data)
        elif self.open and self.open[-1] == "style":
            self.styles += data
        else:
            self.texts.append(data)

    def values(self, attribute: str) -> list[str]:
        return [value for _, name, value in self.attributes if name == attribute]

    @property
    def text(self) -> str:
        return " ".join("".join(self.texts).split())


@pytest.fixture(scope="module")
def page() -> Page:
    return Page(render_html(TUNED))


def test_tags_are_balanced_and_ids_unique(page):
    assert page.open == []
    assert max(Counter(page.values("id")).values()) == 1


def assert_links_lead_somewhere(page: Page) -> None:
    ids = set(page.values("id"))
    links = [value for value in page.values("href") if value != "data:,"]
    assert links
    assert not [link for link in links if link.removeprefix("#") not in ids]
    assert "#all" in links


def test_every_link_leads_somewhere_on_the_page(page):
    assert_links_lead_somewhere(page)


def test_nothing_is_fetched(page):
    assert page.values("src") == []
    assert not re.search(r"https?://|url\(|@import", page.styles + "".join(page.scripts))
    assert "img" not in page.tags


def digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def test_the_policy_allows_this_script_and_style_only(page):
    (policy,) = [value for value in page.values("content") if "default-src" in value]
    directives = dict(part.split(" ", 1) for part in policy.split("; "))
    assert directives["script-src"].split() == [digest(text) for text in page.scripts]
    assert directives["style-src"].split() == [digest(page.styles)]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert not [name for _, name, _ in page.attributes if name == "style" or name[:2] == "on"]


def test_it_leads_with_the_figures_and_coverage(page):
    head = page.text.index("78 → 30 queries per request")
    assert head < page.text.index(
        "17 of 25 routes answered 2xx, with rows, or took a form; 1 empty, 1 redirected"
    )
    assert head < page.text.index("Where the time goes") < page.text.index("What costs most")
    assert page.text.index("What costs most") < page.text.index("One per cause")
    assert "403 to anonymous, user and staff" in page.text


def test_every_finding_is_there_with_its_code_query_and_edit(page):
    for finding in FINDINGS:
        assert " ".join(finding.message.split()) in page.text
        assert finding.fix.reason in page.text
    assert 'FROM "accounts_user" WHERE "accounts_user"."id" = %s' in page.text
    assert '+ .select_related("author__profile")' in page.text
    assert "posts = selectors.visible_posts" not in page.text  # four lines above: not quoted
    assert '"author": post.author.profile.display_name,' in page.text


def test_anchors_name_the_place(page):
    ids = page.values("id")
    assert "n-plus-one-chorus-feed-views-py-25" in ids
    assert "n-plus-one-chorus-feed-views-py-47-2" in ids


def hostile_run():
    location = Location(file=f"{HOSTILE}.py", line=1, column=0, end_line=1, end_column=9)
    finding = replace(
        FINDINGS[0],
        rule=HOSTILE, message=HOSTILE, hint=HOSTILE, location=location, created_at=None,
        trigger=replace(location, file=f"{HOSTILE}.html", function=HOSTILE),
        routes=(f"GET /{HOSTILE}",), tests=(HOSTILE,),
        remedy=replace(FINDINGS[0].remedy, path=HOSTILE),
        evidence=replace(
            FINDINGS[0].evidence, sql=f"SELECT '{HOSTILE}' FROM {HOSTILE}",
            figures={HOSTILE: HOSTILE, f"{HOSTILE}_ms": 2, "plan": HOSTILE},
        ),
        fix=replace(
            FINDINGS[0].fix, reason=HOSTILE, tests=HOSTILE,
            diff=f"--- {HOSTILE}\n+++ b\n@@ -1 +1 @@\n-a {HOSTILE} b\n+a {HOSTILE} c\n",
        ),
    )  # fmt: skip
    figures = RouteFigures(requests=1, queries=1, db_ms=1, cpu_ms=1, p50_ms=1, p95_ms=1)
    routes = {f"GET /{HOSTILE}": figures}
    return replace(
        TUNED,
        project=HOSTILE,
        findings=(finding,),
        before=replace(TUNED.before, routes=routes),
        after=replace(TUNED.after, routes=routes),
        recording=hostile_recording(HOSTILE),
        sources={f".:{HOSTILE}.py": HOSTILE, f".:{HOSTILE}.html": HOSTILE},
        ledger=(
            LedgerEntry(kind=HOSTILE, target=HOSTILE, verdict="denied", origin=location,
                        via="audit"),
        ),
        overrides=(HOSTILE,), notes=(HOSTILE,), seconds={HOSTILE: 1.0},
        coverage=replace(
            COVERAGE,
            notes=(HOSTILE,),
            routes=(
                RouteCoverage(route=HOSTILE, state="failed", reason=HOSTILE,
                              statuses={HOSTILE: 1}),
                RouteCoverage(route=HOSTILE, state="reached", statuses={HOSTILE: 1}),
            ),
        ),
    )  # fmt: skip


def test_what_the_project_says_is_text_and_nothing_more():
    page = Page(render_html(hostile_run()))
    assert page.open == []
    assert "img" not in page.tags
    assert (page.tags["script"], page.tags["style"]) == (2, 1)
    assert not [name for _, name, _ in page.attributes if name.startswith("on")]
    assert page.text.count("{{ 7001*7001 }}") > 80
    assert "49014001" not in page.text


def test_odd_characters_do_not_break_it():
    odd = "\x00 \udcff \ufffe \u2028 名前 \r"
    page = render_html(replace(TUNED, project=odd, notes=(odd,)))
    page.encode("utf-8")
    assert "名前" in page


def test_a_recording_without_a_run_has_its_pages_too():
    page = Page(render_diagnosis_html(DIAGNOSED, RECORDING))
    assert page.open == []
    assert_links_lead_somewhere(page)
    assert "nuages diagnose" in page.text
    assert "Before → after" not in page.text
    assert "The fix" in page.text  # that the sample's findings have


def test_what_was_silenced_is_told():
    stale = StaleIgnore(by="comment", text="# nuages: ignore[n-plus-one]", where="shop/views.py:48")
    page = Page(
        render_diagnosis_html(
            replace(DIAGNOSED, silenced={"comment": 2, "baseline": 1}, stale=(stale,)), RECORDING
        )
    )
    assert "Silenced: 2 findings by comments, 1 finding by the baseline." in page.text
    assert "1 ignore that silences nothing any more" in page.text
    assert "shop/views.py:48 # nuages: ignore[n-plus-one]" in page.text
    assert "Silenced" not in Page(render_html(TUNED)).text


def test_a_diagnosis_without_edits_does_not_speak_of_them():
    findings = tuple(replace(finding, fix=Fix(status="none")) for finding in FINDINGS)
    page = Page(render_diagnosis_html(replace(DIAGNOSED, findings=findings), RECORDING))
    assert "no fix" not in page.text
    assert "The fix" not in page.text


def test_a_run_has_an_enclosure_and_a_diagnosis_none():
    assert "Enclosure" in Page(render_html(TUNED)).text
    page = Page(render_diagnosis_html(DIAGNOSED, RECORDING))
    assert "Enclosure" not in page.text


def test_a_statement_has_its_plan_and_says_how_many_more_findings_it_has():
    statement = RECORDING.groups[0].statement
    evidence = replace(FINDINGS[0].evidence, sql=statement.sql, figures={"plan": "Seq Scan on x"})
    findings = tuple(
        replace(FINDINGS[0], evidence=evidence, message=f"finding {n}") for n in range(8)
    )
    html = render_diagnosis_html(replace(DIAGNOSED, findings=findings), RECORDING)
    page = Page(html)
    assert "Seq Scan on x" in page.text
    assert "… and 2 more findings with this statement" in page.text
    assert "PostgreSQL" in page.text


def test_findings_of_settings_and_code_alone_have_a_page():
    page = Page(render_diagnosis_html(replace(DIAGNOSED, coverage=Coverage()), Recording()))
    assert page.open == []
    assert_links_lead_somewhere(page)
    assert "nothing was run" in page.text
    assert Counter(page.values("data-up")) == {"findings": len(FINDINGS)}


@pytest.mark.parametrize("result", [EMPTY, replace(EMPTY, findings=FINDINGS)])
def test_a_run_that_measured_nothing_has_a_page(result):
    page = Page(render_html(result))
    assert "not measured" in page.text
    assert page.open == []


def big_run(routes: int, findings: int, size: int = 1):
    """Many routes, and findings with long SQL and long diffs, each its own."""
    names = [f"GET /api/v2/section-{n}/<int:pk>/children/<slug:slug>/" for n in range(routes)]
    many = tuple(big_finding(n, names, size) for n in range(findings))
    return replace(
        TUNED,
        findings=many,
        before=replace(TUNED.before, routes=dict.fromkeys(names, TUNED.before.routes[FEED])),
        after=replace(TUNED.after, routes=dict.fromkeys(names, TUNED.after.routes[FEED])),
        coverage=replace(
            COVERAGE,
            routes=tuple(
                RouteCoverage(route=name, state="failed" if n % 2 else "reached", reason=name)
                for n, name in enumerate(names)
            ),
        ),
    )


def big_finding(number: int, routes: list[str], size: int):
    finding = FINDINGS[number % len(FINDINGS)]
    columns = ", ".join(f'"app_table"."column_number_{n}"' for n in range(30 * size))
    return replace(
        finding,
        evidence=replace(
            finding.evidence,
            wall_ms=1e6 / (number + 1),
            sql=f"SELECT {columns} FROM app_table WHERE id = %s",
        ),
        fix=replace(finding.fix, diff=f"{FINDINGS[3].fix.diff * 2 * size}-{number}\n"),
        routes=tuple(routes[: 12 * size]),
    )


def test_a_big_project_fits_in_full():
    html = render_html(big_run(routes=500, findings=100))
    assert len(html.encode()) <= MAX_BYTES
    assert "see <code>--json</code>" not in html
    assert html.count('class="code diff"') == 100


def test_a_huge_project_is_cut_and_says_so():
    html = render_html(big_run(routes=2_500, findings=600, size=8))
    assert len(html.encode()) <= MAX_BYTES
    assert "more, see <code>--json</code>" in html
    assert re.search(r"[0-9]+ findings have no page here", html)


def test_two_thousand_routes_and_twenty_thousand_groups_stay_under_two_megabytes():
    html = render_diagnosis_html(DIAGNOSED, big_recording(2_000, 20_000))
    assert MAX_BYTES / 2 < len(html.encode()) <= MAX_BYTES
    page = Page(html)
    assert page.open == []
    assert_links_lead_somewhere(page)
    kinds = Counter(page.values("data-up"))
    assert kinds["findings"] == len(FINDINGS)
    assert kinds["routes"] >= 50
    assert kinds["statements"] >= 50
    missing = 2_000 - kinds["routes"]
    assert f"{missing:,} routes have no page here" in page.text
    assert "500 more that took less time" in page.text
    falls = html.count("One of the slowest, event by event")
    assert f"only the {falls} costliest routes have that" in page.text
    assert html.count("is not shown event by event") == kinds["routes"] - falls


def test_an_edit_that_answers_two_findings_is_shown_once(page):
    assert page.text.count("+ return Post.objects.filter(hidden=False)") == 1
    assert "The same edit as for finding 6." in page.text
