"""A real shop on PostgreSQL, recorded once: what the rules of connections and of work say of it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from nuages import store
from nuages.cases import Case
from nuages.code import Code
from nuages.deployment import read
from nuages.model import Finding
from nuages.rules import load_rules
from nuages.scratch import Scratch
from nuages.stack.databases import start_postgres
from nuages.stack.postgres import USER

pytestmark = pytest.mark.postgres

ORDERS = Path(__file__).parent / "projects" / "orders"
COMPOSE = """
services:
  web: {command: gunicorn config.wsgi -w 8 --threads 8, deploy: {replicas: 2}}
  db: {image: "postgres:16"}
"""
PGBOUNCER = "[databases]\n* = host=db\n[pgbouncer]\npool_mode = transaction\n"


class Shop:
    """What was recorded, beside the project's own files."""

    def __init__(self, folder: Path, recorded: Path) -> None:
        self.folder = folder
        self.recording = store.recording_from([json.loads(recorded.read_text())])

    def found(self, rule: str, *, code: bool = True) -> list[Finding]:
        [found] = [each for each in load_rules() if rule == each.ID]
        case = Case(
            self.recording,
            self.recording.facts,
            Code({".": str(self.folder)}) if code else Code(),
            deployment=read(self.folder),
        )
        return list(found.find(case))

    def lines(self, rule: str, *, code: bool = True) -> dict[str, Finding]:
        """By the text of the line that each is blamed on."""
        return {self.text(finding): finding for finding in self.found(rule, code=code)}

    def text(self, finding: Finding) -> str:
        where = finding.location
        assert where is not None
        return (self.folder / where.file).read_text().splitlines()[where.line - 1].strip()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    folder = tmp_path_factory.mktemp("orders") / "orders"
    shutil.copytree(ORDERS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    with Scratch() as scratch, start_postgres(scratch.path) as databases:
        databases.create(["nuages_orders"])
        place = {"HOST": str(databases.socket_dir), "USER": USER, "NAME": "nuages_orders"}
        done = subprocess.run(
            [sys.executable, "run.py", "recorded.json"],
            cwd=folder,
            env={**os.environ, "ORDERS_POSTGRES": json.dumps(place)},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    return Shop(folder, folder / "recorded.json")


def test_the_recorder_had_no_fault(shop):
    assert shop.recording.meta.get("recorder_fault") is None


def test_each_request_opens_a_connection(shop):
    by_alias = {f.message.split("'")[1]: f for f in shop.found("connection-per-request")}
    finding = by_alias["default"]
    assert finding.evidence.figures["setup_ms"] > 0
    setup_ms = finding.evidence.calls * finding.evidence.figures["setup_ms"]
    assert finding.evidence.wall_ms > 0.99 * setup_ms  # and closing them
    assert "GET /plain/" in finding.routes
    assert finding.confidence == 0.9
    assert shop.text(finding) == '"default": POSTGRES,'


def test_who_a_request_waits_for_and_where(shop):
    found = shop.lines("outside-call-in-request")
    assert set(found) == {
        'return HttpResponse(b",".join(urlopen(f"{HOST}/rate").read() for _ in range(4)))',
        'urlopen(f"{HOST}/charge", timeout=5).read()',
        'urlopen(f"{HOST}/later", timeout=5).read()',
        'urlopen(f"{HOST}/audit", timeout=5).read()',
        "return urlopen(HOST + path, timeout=5).read()",
    }
    rates = next(finding for text, finding in found.items() if "/rate" in text)
    assert rates.evidence.per_request_max == 4
    assert rates.evidence.figures["timeout"] == "none"
    assert rates.evidence.figures["ms_per_request"] >= 80
    assert rates.routes == ("GET /rates/",)
    client = found["return urlopen(HOST + path, timeout=5).read()"]
    assert client.location.function == "ask"
    assert client.routes == ("GET /plain/", "GET /saved/")  # middleware, and a signal's receiver


def test_mail(shop):
    [finding] = shop.found("mail-in-request")
    assert shop.text(finding).startswith("send_mail(")
    assert (finding.evidence.calls, finding.routes) == (3, ("GET /thanks/",))
    assert finding.evidence.wall_ms > 0


def test_transactions_that_wait_for_others(shop):
    found = shop.lines("transaction-across-outside-call")
    assert set(found) == {
        'urlopen(f"{HOST}/charge", timeout=5).read()',
        'urlopen(f"{HOST}/audit", timeout=5).read()',
    }
    paid = found['urlopen(f"{HOST}/charge", timeout=5).read()']
    assert paid.evidence.calls == 3
    assert paid.evidence.figures["transaction_ms"] > paid.evidence.figures["outside_ms"] > 60
    assert paid.created_at.function == "pay"
    audited = found['urlopen(f"{HOST}/audit", timeout=5).read()']
    assert "ATOMIC_REQUESTS" in audited.hint


def test_what_a_pooler_would_break(shop):
    found = shop.found("transaction-pool-hazard")
    assert {finding.confidence for finding in found} == {0.3}
    before = [finding for finding in found if not finding.remedy.path]
    assert {finding.evidence.figures["left_behind"] for finding in before} == {
        "session setting", "session lock",
    }  # fmt: skip
    assert {finding.location.function for finding in before} == {"tenant"}
    assert {f.location.line for f in shop.found("transaction-pool-hazard", code=False)} == {
        finding.location.line for finding in before
    }


def test_the_arithmetic_and_the_pooler_of_the_project_s_files(shop):
    (shop.folder / "docker-compose.yml").write_text(COMPOSE)
    [finding] = shop.found("pool-arithmetic")
    assert finding.evidence.figures["needed"] == 128
    (shop.folder / "pgbouncer.ini").write_text(PGBOUNCER)
    found = shop.found("transaction-pool-hazard")
    assert {finding.confidence for finding in found} == {0.9}
    [cursor] = [f for f in found if f.remedy.path == "DISABLE_SERVER_SIDE_CURSORS"]
    assert cursor.location.function == "exported"
