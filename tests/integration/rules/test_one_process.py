"""A site that runs well as one process: recorded deep, and judged for what breaks or idles."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nuages import store
from nuages.cases import Case
from nuages.code import Code
from nuages.model import Finding
from nuages.rules import (
    cacheable_query,
    cacheable_view,
    idle_middleware,
    local_cache,
    local_database,
    local_file,
    local_session,
    module_state,
    serverless_fit,
    service_candidate,
    slow_middleware,
    unused_app,
)

KIOSK = Path(__file__).parent / "projects" / "kiosk"


@pytest.fixture(scope="module")
def visited(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What visit.py wrote: each route was visited 21 times."""
    folder = tmp_path_factory.mktemp("kiosk") / "kiosk"
    shutil.copytree(KIOSK, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "var").mkdir()
    output = folder / "var" / "visited.json"
    environment = {
        **os.environ,
        "KIOSK_FOLDER": str(folder / "var"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    done = subprocess.run(
        [sys.executable, "visit.py", str(output)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    visited: dict[str, Any] = json.loads(output.read_text())
    assert visited["faults"] == []
    return {**visited, "folder": str(folder)}


@pytest.fixture(scope="module")
def case(visited: dict[str, Any]) -> Case:
    """The project's recording, facts and code."""
    recording = store.recording_from([visited["snapshot"]])
    return Case(recording, recording.facts, Code({".": visited["folder"]}))


def line(case: Case, finding: Finding) -> str:
    """The text at a finding's location."""
    assert finding.location is not None
    module = case.code.module(finding.location)
    assert module is not None
    return module.text.splitlines()[finding.location.line - 1].strip()


def the_only(findings: Iterator[Finding]) -> Finding:
    [finding] = findings
    return finding


def test_sessions_in_files(case):
    finding = the_only(local_session.find(case))
    assert line(case, finding) == 'SESSION_ENGINE = "django.contrib.sessions.backends.file"'
    assert finding.routes == ("GET /basket/",)


def test_likes_that_each_process_counts_by_itself(case):
    finding = the_only(local_cache.find(case))
    assert line(case, finding).startswith('"BACKEND": "django.core.cache.backends.locmem')
    assert finding.evidence.figures["purpose"] == "counts"
    assert finding.evidence.figures["hit_rate"] == pytest.approx(20 / 21, abs=0.01)
    assert finding.routes == ("GET /like/<int:pk>/", "GET /shout/")


def test_the_database_is_a_file(case):
    assert line(case, the_only(local_database.find(case))).startswith('"ENGINE"')


def test_uploads_and_a_file_that_a_view_writes(case):
    uploads, written = sorted(local_file.find(case), key=lambda f: f.location.file)
    assert line(case, uploads) == 'MEDIA_ROOT = BASE_DIR / "media"'
    assert "Product.photo" in uploads.message
    assert line(case, written).startswith("with open(settings.MEDIA_ROOT")


def test_views_counted_at_the_top_of_a_module(case):
    finding = the_only(module_state.find(case))
    assert line(case, finding) == "_views = Counter()"
    assert finding.routes == ("GET /products/<int:pk>/",)
    assert finding.evidence.requests >= 3


def test_what_every_page_asks(case):
    finding = the_only(cacheable_query.find(case))
    assert finding.location.function == "categories"
    assert finding.routes == ("GET /", "GET /basket/", "GET /mine/", "GET /products/<int:pk>/")
    assert finding.evidence.figures["hit_rate"] > 0.9


def test_the_page_that_is_the_same_for_everybody(case):
    finding = the_only(cacheable_view.find(case))
    assert finding.routes == ("GET /menu/",)
    assert line(case, finding) == "def menu(request):"


def test_the_middleware_that_takes_its_time(case):
    finding = the_only(slow_middleware.find(case))
    assert "hashlib.pbkdf2_hmac" in line(case, finding)


def test_the_middleware_that_does_nothing(case):
    finding = the_only(idle_middleware.find(case))
    assert line(case, finding) == '"kiosk.middleware.LegacyDeviceMiddleware",'
    assert finding.trigger.file == "kiosk/middleware.py"


@pytest.mark.parametrize("rule", [service_candidate, serverless_fit, unused_app])
def test_nothing_where_the_evidence_is_thin(case, rule):
    assert not list(rule.find(case))


def test_the_recording_tells_for_whom_responses_were(case):
    of = {stats.scope.name: stats.counters for stats in case.recording.scopes}
    assert of["GET /"]["responses_personal"] == 21  # the cookie of a CSRF token
    assert of["GET /basket/"]["responses_personal"] == 21  # a session
    assert of["GET /menu/"]["responses_for_all"] == 21
    assert of["GET /menu/"]["response_hits_3600"] == 20
    assert "response_stale_3600" not in of["GET /menu/"]
    assert of["GET /labels/"]["response_stale_3600"] == 20


def test_the_recording_tells_how_requests_are_spread_over_time(case):
    [menu] = [s for s in case.recording.scopes if s.scope.name == "GET /menu/"]
    assert 1 <= menu.counters["busy_seconds"] <= 21
    assert menu.peaks["in_one_second"] >= 1


def test_the_recording_tells_how_long_each_app_took_to_load(visited):
    recording = store.recording_from([visited["starting"]])
    loads = {(c.name, c.operation): c for c in recording.calls if c.kind == "app"}
    for operation in ("create", "import_models"):
        assert loads["stalls", operation].wall_ns > 0
        assert loads["django.contrib.auth", operation].calls == 1
