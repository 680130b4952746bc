"""The page works in a real browser: no errors, sorting, filtering, opening by address."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from nuages.report.html import render_html

from .samples import FINDINGS, TUNED
from .test_html import Page, hostile_run

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
BROWSER = next((path for name in NAMES if (path := shutil.which(name))), None)
FLAGS = (
    "--headless", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-extensions",
    "--enable-logging=stderr", "--virtual-time-budget=2000", "--window-size=1200,900",
)  # fmt: skip

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(BROWSER is None, reason=f"no browser found: {', '.join(NAMES)}"),
]


@pytest.fixture(scope="module")
def show(tmp_path_factory):
    """Open a page at an address of its own and give back the document that came of it."""
    folder = tmp_path_factory.mktemp("pages")
    pages = {
        "chorus": render_html(TUNED),
        "hostile": render_html(hostile_run()),
        "driven": driven(render_html(TUNED)),
    }
    for name, text in pages.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")

    def show(address: str = "", page: str = "chorus") -> Dom:
        url = f"{(folder / f'{page}.html').as_uri()}{address}"
        return dump(url, folder / "profile")

    return show


def driven(page: str) -> str:
    """The page with a script that uses it, which the page's own policy would refuse."""
    page = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page)
    return page.replace("</body>", f"<script>{VISITOR}</script></body>")


# Without a person's click the browser refuses its clipboard, so the visitor brings one along.
VISITOR = """
const cpu = document.querySelector('th[data-key="cpu"]');
const clicked = () => {
  cpu.firstChild.click();
  return `${cpu.getAttribute("aria-sort")} ${location.hash}`;
};
const openAll = document.querySelector("[data-open-all]");
const details = [...document.querySelectorAll(".finding")];
const opened = () => { openAll.click(); return details.every((one) => one.open); };
const field = document.querySelector('[data-filter="findings-list"]');
const typed = (text) => {
  field.value = text;
  field.dispatchEvent(new Event("input"));
  return details.filter((one) => !one.hidden).length;
};
const copy = document.querySelector(".diff [data-copy]");
const said = [clicked(), clicked(), opened(), opened(), typed("VERIFIED views.py"), location.hash];
let copied = "";
navigator.clipboard.writeText = async (text) => { copied = text; };
copy.click();
setTimeout(() => {
  document.title = JSON.stringify([...said, copy.textContent, copied, typed("no such thing")]);
}, 500);
"""


class Dom(Page):
    """A document after its script ran, and what was said on the console."""

    def __init__(self, text: str, console: list[str]) -> None:
        super().__init__(text)
        self.console = console
        self.html = text
        body = re.search(r'<table id="routes-table".*?<tbody>(.*?)</tbody>', text, re.DOTALL)
        self.rows = re.findall(r"<tr([^>]*)>\s*<th[^>]*>(.*?)</th>", body[1] if body else "")
        self.findings = re.findall(r'<details class="finding" id="([^"]+)"([^>]*)>', text)

    @property
    def routes(self) -> list[str]:
        """The routes that are shown, in their order."""
        shown = [cell for attributes, cell in self.rows if "hidden" not in attributes]
        return [Page(cell).text for cell in shown]


def dump(url: str, profile: Path) -> Dom:
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    done = subprocess.run(
        [str(BROWSER), *FLAGS, *sandbox, f"--user-data-dir={profile}", "--dump-dom", url],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return Dom(done.stdout, re.findall(r"CONSOLE.*", done.stderr))


def test_it_opens_without_a_word_on_the_console(show):
    dom = show()
    assert dom.console == []
    assert "js" in dom.values("class")
    assert len(dom.routes) == 17
    assert [name for name, attributes in dom.findings if "open" in attributes] == [
        "n-plus-one-chorus-feed-views-py-25"
    ]


def test_routes_are_sorted_by_what_the_address_says(show):
    dom = show("#routes?sort=queries&order=asc")
    assert dom.routes[0] == "GET /about/"
    assert dom.routes[-1] == "GET /api/feed/"
    assert "ascending" in dom.values("aria-sort")
    names = show("#routes?sort=route&order=desc").routes
    assert names == sorted(names, reverse=True, key=str.lower)


def test_routes_are_filtered_by_what_the_address_says(show):
    dom = show("#routes?filter=api+posts&changed=1")
    assert dom.routes == ["GET /api/posts/<int:pk>/comments/"]
    assert "1 of 17" in dom.text


def test_an_address_opens_its_finding(show):
    dom = show("#n-plus-one-chorus-feed-views-py-47-2")
    assert "open" in dict(dom.findings)["n-plus-one-chorus-feed-views-py-47-2"]


def test_a_wrong_address_does_no_harm(show):
    assert show("#routes?sort=%22%5D&order=x&filter=").console == []
    assert show("#%E0%A4%A").console == []


def test_a_visitor_can_sort_open_filter_and_copy(show):
    dom = show(page="driven")
    title = re.search(r"<title>(\[.*\])</title>", dom.html)
    assert title, dom.console
    assert json.loads(html.unescape(title[1])) == [
        "descending #routes?sort=cpu&order=desc",
        "ascending #routes?sort=cpu&order=asc",
        True,
        False,
        5,
        "#findings?filter=VERIFIED+views.py",
        "Copied",
        FINDINGS[0].fix.diff,
        0,
    ]


def test_the_diff_on_the_page_is_the_diff(show):
    """Copying takes the text of the element, so it must be the diff to the letter."""
    blocks = re.findall(r'class="code diff".*?<pre[^>]*><code>(.*?)</code>', show().html, re.DOTALL)
    shown = [html.unescape(re.sub(r"<[^>]+>", "", block)) for block in blocks]
    assert sorted(shown) == sorted({f.fix.diff for f in FINDINGS if f.fix.diff})


def test_hostile_text_runs_nothing_and_fetches_nothing(show):
    dom = show(page="hostile")
    assert dom.console == []
    assert "img" not in dom.tags
    assert dom.tags["script"] == 1
