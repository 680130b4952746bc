"""A help desk whose settings cost every request something."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.integration.fix.site import Site

from nuages.code import Code
from nuages.diagnose import diagnose
from nuages.fix import RunOutcome, combine, propose, verify
from nuages.model import Finding

DESK = Path(__file__).parent / "projects" / "desk"
BASE = ".:config/settings/base.py"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    # Enough requests for what is only measured in a sample of them.
    return Site(DESK, tmp_path_factory.mktemp("desk"), paths=["/", "/open/", "/closed/"] * 25)


@pytest.fixture(scope="module")
def before(site: Site) -> RunOutcome:
    return site.run({})


@pytest.fixture(scope="module")
def findings(site: Site, before: RunOutcome) -> dict[str, Finding]:
    code = Code({".": str(DESK)})
    found = diagnose(before.recording, project="desk", code=code).findings
    proposed = propose(found, site.sources, before.recording.files)
    return {f.rule: f for f in verify(proposed, site.sources, before, site.run)}


def test_a_middleware_that_does_nothing_is_taken_out_of_the_module_that_names_it(findings):
    fix = findings["idle-middleware"].fix
    assert fix.status == "verified"
    assert "→ 0.00 ms of it a request, 75 answers the same" in fix.reason
    removed = [row for row in fix.diff.split("\n") if row.startswith("-") and row[1] != "-"]
    assert removed == ['-    "desk.middleware.CampaignMiddleware",  # of last year']


def test_templates_are_kept(findings):
    fix = findings["uncached-templates"].fix
    assert fix.status == "verified"
    assert fix.reason.startswith("1.00 → 0.00 compilations of templates a request")


def test_both_are_one_edit_of_one_file(site, findings):
    edits = combine([f for f in findings.values() if f.fix.status == "verified"], site.sources)
    assert set(edits) == {BASE}
    assert "Campaign" not in edits[BASE]
    assert '"loaders": [("django.template.loaders.cached.Loader", [' in edits[BASE]
    tried, after = site.last
    assert tried == edits
    assert {answer.status for answer in after.answers} == {200}


def test_a_middleware_that_every_answer_shows_stays(findings):
    assert "VersionMiddleware" not in findings["idle-middleware"].message
