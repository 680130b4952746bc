"""The page works in a real browser: its pages, its keys, its colours, and nothing from outside."""

from __future__ import annotations

import json
import re
import time

import pytest

from nuages.report.html import render_diagnosis_html, render_html
from nuages.report.links import statement_id

from .browser import BROWSER, NAMES, Browser
from .sample_recording import BY_AUTHOR, RECORDING, big_recording
from .samples import DIAGNOSED, FINDINGS, TUNED
from .test_html import hostile_run

FIRST = "n-plus-one-chorus-feed-views-py-25"
SECOND = "n-plus-one-chorus-feed-views-py-27"
ROUTE = "route-get-api-feed"
STATEMENT = statement_id(BY_AUTHOR)
PAGES = (
    "overview", "findings", "changes", "routes", "statements", "calls", "coverage", "run",
    FIRST, ROUTE, STATEMENT,
)  # fmt: skip
SHOWN = "[...document.querySelectorAll('.page')].filter((p) => p.offsetParent).map((p) => p.id)"
FOCUS = "document.activeElement.getAttribute('href') || document.activeElement.id"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(BROWSER is None, reason=f"no browser found: {', '.join(NAMES)}"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    pages = {
        "chorus": render_html(TUNED),
        "recorded": render_diagnosis_html(DIAGNOSED, RECORDING),
        "hostile": render_html(hostile_run()),
        "big": render_diagnosis_html(DIAGNOSED, big_recording(2_000, 20_000)),
    }
    for name, text in pages.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def launched(folder):
    browser = Browser(folder / "profile")
    yield browser
    browser.close()


@pytest.fixture
def show(launched, folder):
    """Open a page at an address of its own, in a window of its own size."""

    def show(address: str = "", page: str = "chorus", width: int = 1400) -> Browser:
        launched.size(width)
        launched.open(f"{(folder / f'{page}.html').as_uri()}{address}")
        launched.run("localStorage.clear()")
        return launched

    yield show
    launched.scheme("light")


def shown(browser: Browser) -> list[str]:
    return browser.run(SHOWN)


def go(browser: Browser, *keys: str, to: str) -> None:
    """Press keys, and wait for the page that they lead to."""
    browser.press(*keys)
    browser.wait(f"document.querySelector('.page.shown').id === '{to}'")


@pytest.mark.parametrize("page", ["chorus", "recorded", "hostile", "big"])
def test_it_says_nothing_on_the_console_and_asks_nothing_of_the_network(show, folder, page):
    browser = show(page=page)
    assert shown(browser) == ["overview"]
    assert browser.console == []
    assert browser.requests == [(folder / f"{page}.html").as_uri()]


@pytest.mark.parametrize("page", PAGES)
def test_each_page_has_an_address(show, page):
    browser = show(f"#{page}")
    assert shown(browser) == [page]
    assert browser.console == []


def test_an_address_within_a_page_shows_that_page(show):
    assert shown(show("#rule-n-plus-one")) == ["findings"]
    assert shown(show("#enclosure")) == ["run"]


def test_all_pages_can_be_seen_at_once(show):
    browser = show()
    browser.run("document.querySelector('a[href=\"#all\"]').click()")
    browser.wait(f"{SHOWN}.length > 20")


@pytest.mark.parametrize(
    "address", ["#routes?sort=%22%5D&order=x&filter=", "#%E0%A4%A", "#nowhere"]
)
def test_a_wrong_address_does_no_harm(show, address):
    browser = show(address)
    assert len(shown(browser)) == 1
    assert browser.console == []


def test_letters_go_through_the_findings_and_back(show):
    browser = show("#findings")
    browser.press("j", "j", "k", "j")
    assert browser.run(FOCUS) == f"#{SECOND}"
    go(browser, "Enter", to=SECOND)
    assert "is counted for each post" in browser.run("document.title")
    go(browser, "k", to=FIRST)
    go(browser, "Escape", to=SECOND)
    go(browser, "Escape", to="findings")
    browser.wait(f"{FOCUS} === '#{SECOND}'")


def test_arrows_go_through_a_list_once_it_has_the_focus(show):
    browser = show("#routes")
    browser.press("ArrowDown")
    assert not browser.run(FOCUS).startswith("#")
    browser.press("j", "ArrowDown", "ArrowDown", "ArrowUp")
    assert browser.run("document.activeElement.textContent") == "GET /api/posts/<int:pk>/comments/"


def test_escape_leads_up_from_a_page_that_was_opened_by_its_address(show):
    go(show(f"#{ROUTE}"), "Escape", to="routes")


def test_search_finds_findings_routes_and_statements(show):
    browser = show()
    browser.press("/")
    assert browser.run(FOCUS) == "find"
    browser.press(*"api feed")
    kinds = browser.run("[...document.querySelectorAll('#found small')].map((s) => s.textContent)")
    assert "route" in kinds
    browser.press("ArrowDown", "ArrowDown", "ArrowUp")
    target = browser.run(FOCUS)
    go(browser, "Enter", to=target.removeprefix("#"))
    assert browser.run("document.getElementById('found').hidden")
    browser.press("/", *"no such thing")
    assert "Nothing" in browser.run("document.getElementById('found').textContent")


def test_letters_are_text_in_a_field_and_can_be_switched_off(show):
    browser = show("#findings")
    browser.run("document.querySelector('[data-filter]').focus()")
    browser.press("j")
    assert browser.run("document.querySelector('[data-filter]').value") == "j"
    browser = show("#findings")
    browser.press("?")
    assert browser.run("document.getElementById('keys').open")
    browser.run("document.getElementById('letters').click()")
    browser.press("Escape")
    assert not browser.run("document.getElementById('keys').open")
    assert shown(browser) == ["findings"]
    browser.press("j")
    assert not browser.run(FOCUS).startswith("#n-plus-one")


def test_the_first_stop_of_the_tab_key_skips_the_navigation(show):
    browser = show()
    browser.press("Tab")
    assert browser.run("document.activeElement.className") == "skip"
    browser.press("Enter")
    assert browser.run(FOCUS) == "overview-title"


def test_the_focus_is_visible_on_all_that_can_have_it(show):
    browser = show(f"#{ROUTE}")
    seen = set()
    for _ in range(60):
        browser.press("Tab")
        name, outline = browser.run(
            "(({ activeElement: e }) => [e.tagName, getComputedStyle(e).outlineStyle])(document)"
        )
        assert outline != "none" or name == "BODY", name
        seen.add(name)
    assert {"A", "SUMMARY", "INPUT", "BUTTON"} <= seen


def rows(browser: Browser, table: str) -> list[str]:
    return browser.run(
        f"[...document.querySelectorAll('#{table} tbody tr:not([hidden]) th')]"
        ".map((th) => th.textContent)"
    )


def test_routes_are_sorted_by_what_the_address_says(show):
    assert rows(show("#changes?sort=queries&order=asc"), "changes-table")[0] == "GET /about/"
    names = rows(show("#routes?sort=route&order=desc"), "routes-table")
    assert names == sorted(names, reverse=True, key=str.lower)
    by_requests = rows(show("#routes?sort=requests&order=desc"), "routes-table")
    assert by_requests[0] == "GET /api/feed/"
    assert by_requests[-1] == "manage.py digest"


def test_routes_are_filtered_by_what_the_address_says(show):
    browser = show("#changes?filter=api+posts&changed=1")
    assert rows(browser, "changes-table") == ["GET /api/posts/<int:pk>/comments/"]
    assert browser.run("document.querySelector('[data-count=changes-table]').textContent") == (
        "1 of 17"
    )


def test_a_heading_sorts_and_is_remembered_in_the_address(show):
    browser = show("#routes")
    click = "document.querySelector('#routes-table th[data-key=p95] button').click()"
    browser.run(click)
    assert browser.run("location.hash") == "#routes?sort=p95&order=desc"
    assert rows(browser, "routes-table")[0] == "manage.py digest"
    browser.run(click)
    assert browser.run("location.hash") == "#routes?sort=p95&order=asc"


def test_findings_are_filtered_by_what_is_typed(show):
    browser = show("#findings")
    browser.run("document.querySelector('[data-filter]').focus()")
    browser.press(*"VERIFIED views.py")
    assert browser.run("document.querySelector('[data-count]').textContent") == "5 of 12"
    assert browser.run("location.hash") == "#findings?filter=VERIFIED+views.py"


def test_a_diff_is_copied_to_the_letter(show):
    browser = show(f"#{FIRST}")
    # Without a person's click the browser refuses its clipboard, so one is brought along.
    browser.run("navigator.clipboard.writeText = async (text) => { window.copied = text; }")
    browser.run("document.querySelector('.shown .diff [data-copy]').click()")
    browser.wait("window.copied")
    assert browser.run("window.copied") == FINDINGS[0].fix.diff
    every = "[...document.querySelectorAll('.diff pre code')].map((code) => code.textContent)"
    assert sorted(browser.run(every)) == sorted({f.fix.diff for f in FINDINGS if f.fix.diff})


def test_an_event_opens_with_its_details(show):
    browser = show(f"#{ROUTE}")
    lines = "[...document.querySelectorAll('.shown .fall summary')]"
    line = f"{lines}.find((summary) => /×12/.test(summary.textContent))"
    browser.run(f"{line}.focus()")
    browser.press("Enter")
    detail = browser.run(f"{line}.parentElement.open && {line}.nextElementSibling.textContent")
    assert "12 times" in detail
    assert "chorus/feed/views.py:12:5" in detail
    go(browser, "Tab", "Enter", to=STATEMENT)


def background(browser: Browser) -> str:
    return browser.run("getComputedStyle(document.body).backgroundColor")


def test_colours_are_the_systems_until_somebody_says_otherwise(show):
    browser = show()
    light = background(browser), browser.picture()
    browser.scheme("dark")
    dark = background(browser), browser.picture()
    assert [light[0], dark[0]] == ["rgb(252, 251, 248)", "rgb(20, 22, 26)"]
    assert light[1] != dark[1]
    toggle = "document.getElementById('theme').click()"
    browser.run(toggle)
    assert background(browser) == light[0]
    time.sleep(0.5)  # what is stored travels to the browser's own process before another reads it
    browser.run("window.isOld = true; location.reload()")
    browser.wait("!window.isOld && document.readyState === 'complete'")
    assert browser.run("document.documentElement.dataset.theme") == "light"
    browser.run(toggle)
    browser.run(toggle)
    assert background(browser) == dark[0]
    assert browser.run("localStorage.length") == 0


@pytest.mark.parametrize("page", PAGES)
def test_nothing_is_wider_than_a_small_telephone(show, page):
    browser = show(f"#{page}", width=360)
    assert browser.run("document.documentElement.scrollWidth") <= 360


def test_without_a_script_it_is_one_long_page_with_links(show):
    browser = show()
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.call("Page.reload")
        browser.wait("document.readyState === 'complete' && !document.documentElement.className")
        assert len(shown(browser)) > 20
        hidden = "[...document.querySelectorAll('.js-only')].filter((e) => e.offsetParent).length"
        assert browser.run(hidden) == 0
        before = browser.run("scrollY")
        browser.run(f"document.querySelector('a[href=\"#{FIRST}\"]').click()")
        browser.wait(f"scrollY > {before} + 500")
    finally:
        browser.call("Emulation.setScriptExecutionDisabled", value=False)


def test_on_paper_there_is_the_page_alone_with_everything_open(show):
    browser = show(f"#{ROUTE}")
    browser.call("Emulation.setEmulatedMedia", media="print")
    try:
        assert not browser.run("document.querySelector('.top').offsetParent")
        assert background(browser) == "rgb(252, 251, 248)"
        browser.run("dispatchEvent(new Event('beforeprint'))")
        opened = "[...document.querySelectorAll('.shown details')].map((one) => one.open)"
        assert set(browser.run(opened)) == {True}
        browser.run("dispatchEvent(new Event('afterprint'))")
        assert set(browser.run(opened)) == {False}
    finally:
        browser.call("Emulation.setEmulatedMedia", media="")


def test_hostile_text_is_shown_as_it_is_and_runs_nothing(show):
    browser = show("#all", page="hostile")
    assert browser.console == []
    assert browser.run("document.images.length") == 0
    assert browser.run("document.scripts.length") == 2
    texts = browser.run("document.body.textContent")
    assert len(re.findall(r"<img src=x onerror", texts)) > 80
    titles = json.dumps(browser.run("[...document.querySelectorAll('h1, h2')].map((h) => h.title)"))
    assert "onerror" not in titles
