"""What the stack says of itself: page, terminal and Prometheus, while it is asked."""

from __future__ import annotations

import json
import re
import time
import urllib.error
import urllib.request

import pytest
from tests.acceptance.commands import nuages
from tests.unit.report.browser import BROWSER, Browser

from benchmarks.stack import running
from benchmarks.stack.sender import Ask

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.timeout(240),
    pytest.mark.xdist_group("stack"),
]
SAMPLE = re.compile(r'[a-zA-Z_:][\w:]*(\{\w+="[^"]*"(,\w+="[^"]*")*\})? [-+\w.]+')


@pytest.fixture(scope="module")
def stack():
    with running.copied_project() as root:
        (root / "pyproject.toml").write_text("[tool.nuages.topology]\nread_replicas = 1\n")
        with running.stack(root) as started:
            started.status_url = started.ask("ps")["status_url"]
            yield started


def get(stack, path: str) -> str:
    with urllib.request.urlopen(f"{stack.status_url}{path}", timeout=20) as answer:
        return answer.read().decode()


def look(stack) -> dict:
    return json.loads(get(stack, "status.json"))


def under_load(stack, action, *, asks=None):
    """What `action` gave in the midst of load."""
    given = []
    tally = stack.under_load(lambda: given.append(action()), before=2.5, after=0.2, asks=asks)
    return given[0], tally


def test_what_is_asked_of_each_part_is_seen(stack):
    look(stack)
    told, tally = under_load(stack, lambda: look(stack))
    assert tally.why() == {}
    assert told["all"]["rps"] > 10
    assert told["all"]["p50_ms"] <= told["all"]["p95_ms"] <= told["all"]["p99_ms"]
    assert told["all"]["hit_rate"] > 0
    (web,) = told["services"]
    replicas = [row for row in told["processes"] if row["service"] == "web"]
    assert web["rps"] == pytest.approx(sum(row["rps"] for row in replicas), abs=0.5)
    assert all(row["connections"] for row in replicas)
    pool = next(row for row in told["pools"] if row["name"] == "pgbouncer")
    assert pool["queries_per_s"] > 0
    assert pool["wait_ms"] is not None
    assert pool["busy"] + pool["idle"] <= pool["size"]
    primary, replica = told["databases"]
    assert primary["idle"] + primary["active"] + primary["in_transaction"] > 0
    assert replica["lag_bytes"] is not None
    assert 'INSERT INTO "tills_entry"' in "".join(each["sql"] for each in primary["statements"])
    assert 'FROM "tills_entry"' in "".join(each["sql"] for each in replica["statements"])
    assert told["budgets"] == {"response_ms": 100, "query_ms": 20}


def test_no_value_of_the_projects_is_in_a_statement(stack):
    secret = "a-key-that-somebody-wrote"
    stack.under_load(
        lambda: None, rps=10, before=0.3, after=0.3,
        asks=lambda number: Ask(method="POST", path="/entries/", body=f"{secret}-{number}"),
    )  # fmt: skip
    time.sleep(1)
    assert secret not in get(stack, "status.json")


def test_an_error_of_the_balancer_is_counted(stack):
    before = look(stack)["balancer"]["errors"]
    pending = lambda number: Ask(method="POST", path="/slow/")  # noqa: E731
    stack.under_load(lambda: stack.kill("web"), rps=10, before=1.5, after=0.5, asks=pending)
    stack.wait_ready("web", 2)
    told = look(stack)
    assert told["balancer"]["errors"] > before
    assert any("killed by SIGKILL" in each["text"] for each in told["news"])


def test_prometheus_reads_everything_and_each_by_itself(stack):
    whole = get(stack, "metrics")
    samples = [line for line in whole.splitlines() if not line.startswith("#")]
    assert not [line for line in samples if not SAMPLE.fullmatch(line)]
    heads = [line for line in whole.splitlines() if line.startswith("# TYPE")]
    assert len(heads) == len(set(heads))
    names = [target["labels"]["process"] for target in json.loads(get(stack, "targets"))]
    assert {"caddy", "pgbouncer", "postgres", "postgres-replica-1", "valkey"} < set(names)
    for name in names:
        own = get(stack, f"metrics/{name}")
        assert f'nuages_stack_process_up{{process="{name}"' in own
        assert len(own) < len(whole)
    for family in (
        "nuages_requests_total", "nuages_request_seconds_bucket", "nuages_pool_wait_seconds_total",
        "nuages_cache_server_hits_total", "nuages_database_server_lag_bytes",
        "caddy_reverse_proxy_upstreams_healthy",
    ):  # fmt: skip
        assert family in whole


def test_it_listens_to_this_machine_only(stack):
    request = urllib.request.Request(stack.status_url, headers={"Host": "shop.example"})
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(request, timeout=20)


def test_the_terminal_shows_the_same(stack):
    done = nuages("top", str(stack.root), cwd=stack.root)
    assert done.returncode == 0, done.stderr
    for part in ("requests/s", "pgbouncer", "of 100", "bytes behind", "slowest statements"):
        assert part in done.stdout


@pytest.mark.browser
@pytest.mark.skipif(BROWSER is None, reason="no browser found")
def test_the_page_follows_what_happens_and_asks_nobody_else(stack, tmp_path):
    browser = Browser(tmp_path / "profile")
    try:
        browser.open(stack.status_url)
        browser.wait("document.querySelectorAll('#replicas tr').length >= 4")
        rate = "parseFloat(document.querySelector('#now dd').textContent.replace(/,/g, '')) > 20"
        under_load(stack, lambda: browser.wait(rate))
        assert browser.run("document.querySelectorAll('#times .budget').length") == 2
        assert browser.run("document.querySelector('#rate path.of-rate').getAttribute('d')")
        assert "tills_entry" in browser.run("document.querySelector('#statements').textContent")
        assert browser.console == []
        assert {url.removeprefix(stack.status_url) for url in browser.requests} == {
            "", "status.css", "status.js", "status.json",
        }  # fmt: skip
        colours = []
        for scheme in ("light", "dark"):
            browser.scheme(scheme)
            colours.append(browser.run("getComputedStyle(document.body).backgroundColor"))
        assert len(set(colours)) == 2
    finally:
        browser.close()
