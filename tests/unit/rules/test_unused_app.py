"""Which apps nothing touches, though they cost time."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.rules.recordings import called
from tests.unit.rules.settings import told
from tests.unit.rules.sources import text_at
from tests.unit.rules.traffic import asked

from nuages.model import FieldFacts, Finding, ModelFacts, Recording, Scope, ScopeStats
from nuages.rules import unused_app

PROCESS = Scope(kind="process", name="process")
ROUTES = tuple(
    ScopeStats(
        scope=Scope(kind="request", name=f"GET /{n}/"), executions=20, view="shop.views.home"
    )
    for n in range(10)
)
SURVEYS = ModelFacts(label="surveys.Answer", table="surveys_answer")


def found(
    folder,
    *,
    app="surveys",
    ms=150.0,
    scopes=ROUTES,
    groups=(),
    files=None,
    models=(SURVEYS,),
    **settings,
) -> list[Finding]:
    load = called("app", app, "create", scope=PROCESS, location=None, ms=ms)
    recording = Recording(scopes=scopes, groups=groups, calls=(load,))
    every = {"config__settings": f'INSTALLED_APPS = ["shop", "{app}"]\n', **(files or {})}
    case = told(
        folder, files=every, recording=recording, apps=("shop", app), models=models,
        INSTALLED_APPS=["shop", app], **settings,
    )  # fmt: skip
    findings = list(unused_app.find(case))
    for finding in findings:
        assert text_at(case.code, finding.location).startswith("INSTALLED_APPS")
    return findings


class TestFinds:
    def test_what_nothing_touched_though_each_start_pays_for_it(self, tmp_path):
        [finding] = found(tmp_path)
        assert finding.message == (
            "Nothing touched the app surveys in 200 requests to 10 routes, and it takes 150 ms of "
            "each start"
        )
        assert finding.remedy.path == "surveys"
        assert finding.confidence < 0.5

    def test_its_own_code_does_not_count_as_use(self, tmp_path):
        files = {"surveys__admin": "from surveys.models import Answer\n"}
        assert found(tmp_path, files=files)


class TestStaysSilent:
    @pytest.mark.parametrize(
        "changes",
        [
            {"ms": 20},
            {"app": "django.contrib.sitemaps"},
            {"app": "rest_framework"},
            {"files": {"shop__views": "from surveys.models import Answer\n"}},
            {"files": {"config__urls": 'include("surveys.urls")\n'}},
            {"files": {"config__settings": 'SURVEYS_LIMIT = 4\nINSTALLED_APPS = ["shop"]\n'}},
            {"MIDDLEWARE": ["surveys.middleware.Ask"]},
            {"groups": asked('SELECT 1 FROM "surveys_answer"')},
            {"scopes": (*ROUTES, replace(ROUTES[0], view="surveys.views.ask"))},
        ],
        ids=["cheap", "Django's own", "a framework", "imported", "routed", "configured",
             "its middleware", "queried", "its views"],
    )  # fmt: skip
    def test_on_what_is_used_or_costs_little(self, tmp_path, changes):
        assert not found(tmp_path, **changes)

    def test_on_what_models_of_others_lead_to(self, tmp_path):
        field = FieldFacts(name="a", column="a_id", kind="ForeignKey", to="surveys.Answer")
        other = ModelFacts(label="shop.Product", table="p", fields=(field,))
        assert not found(tmp_path, models=(SURVEYS, other))

    def test_on_what_may_listen_to_signals(self, tmp_path):
        other = ModelFacts(label="shop.Product", table="p", signals=("post_save",))
        assert not found(tmp_path, models=(other,))


class TestRefuses:
    def test_a_recording_that_does_not_cover_the_site(self, tmp_path):
        assert not found(tmp_path, scopes=ROUTES[:5])
        assert not found(tmp_path, scopes=tuple(replace(r, executions=2) for r in ROUTES))

    def test_without_the_code(self):
        load = called("app", "surveys", "create", scope=PROCESS, location=None, ms=150)
        recording = Recording(scopes=ROUTES, calls=(load,))
        assert not list(unused_app.find(told(recording=recording, apps=("surveys",))))
