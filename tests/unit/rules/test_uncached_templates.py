"""Templates that are compiled for each rendering."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.rules.recordings import called, with_calls
from tests.unit.rules.settings import told
from tests.unit.rules.sources import text_at

from nuages.cases import Case
from nuages.model import Finding
from nuages.rules import uncached_templates

LOADERS = "django.template.loaders"
PLAIN = [f"{LOADERS}.filesystem.Loader", f"{LOADERS}.app_directories.Loader"]
CACHED = [[f"{LOADERS}.cached.Loader", PLAIN]]
BASE = f"""\
    TEMPLATES = [{{
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "OPTIONS": {{
            "loaders": [
                "{PLAIN[0]}",
                "{PLAIN[1]}",
            ],
        }},
    }}]
    """
STAR = "from .base import *\n"


def found(case: Case) -> list[Finding]:
    return list(uncached_templates.find(case))


def engine(loaders: list[Any] | None, backend: str = "django.DjangoTemplates") -> dict[str, Any]:
    options = {} if loaders is None else {"loaders": loaders}
    return {"BACKEND": f"django.template.backends.{backend}", "OPTIONS": options}


class TestFinds:
    def test_a_list_without_the_loader_that_keeps(self, tmp_path):
        text = 'LOADERS = []\nTEMPLATES = [\n    {"OPTIONS": {"loaders": LOADERS}},\n]\n'
        case = told(
            tmp_path, files={"config__settings": text}, DEBUG=False, TEMPLATES=[engine(PLAIN)]
        )
        [finding] = found(case)
        assert finding.message == "Templates are read and compiled again for each rendering"
        assert finding.hint.startswith('take "loaders" out of the OPTIONS of TEMPLATES')
        assert '"loaders"' in text_at(case.code, finding.location)
        assert finding.confidence == 0.85

    def test_what_it_costs(self):
        recording = with_calls(
            called("template", "shop/list.html", "compile", 2, executions=5, ms=3),
            called("template", "shop/base.html", "compile", 1, executions=2, ms=3),
            called("template", "(string)", "compile", 1, executions=9, ms=3),
        )
        [finding] = found(told(recording=recording, DEBUG=False, TEMPLATES=[engine(PLAIN)]))
        assert finding.message.endswith(": 10 compilations took 30 ms")
        assert finding.evidence.figures == {"templates": 1, "most_often": "shop/list.html"}
        assert finding.routes == ("GET /api/feed/",)
        assert finding.evidence.share > 0

    def test_only_the_engine_that_is_meant(self):
        engines = [engine(CACHED), engine(PLAIN)]
        assert len(found(told(DEBUG=False, TEMPLATES=engines))) == 1

    def test_production_s_settings_when_those_for_development_ran(self, tmp_path):
        files = {"config__base": BASE, "config__dev": STAR, "config__prod": STAR}
        case = told(
            tmp_path, files=files, module="config.dev", DEBUG=True, TEMPLATES=[engine(PLAIN)]
        )
        [finding] = found(case)
        assert text_at(case.code, finding.location) == '"loaders": ['


class TestStaysSilent:
    @pytest.mark.parametrize(
        "production",
        [
            f'{STAR}TEMPLATES[0]["OPTIONS"]["loaders"] = [("{LOADERS}.cached.Loader", [])]\n',
            f'{STAR}if X:\n    TEMPLATES[0]["OPTIONS"]["loaders"] = y\n',
            f"{STAR}TEMPLATES = templates()\n",
            f'{STAR}TEMPLATES[0]["OPTIONS"]["loaders"] = LOADERS\n',
        ],
    )
    def test_production_s_settings_that_have_others(self, tmp_path, production):
        files = {"config__base": BASE, "config__dev": STAR, "config__prod": production}
        assert not found(told(tmp_path, files=files, module="config.dev", DEBUG=True))

    @pytest.mark.parametrize(
        "engines",
        [
            [engine(None)],  # Django's own list, which keeps since 4.1 in any case
            [engine(CACHED)],
            [engine([])],
            [engine(PLAIN, "jinja2.Jinja2")],
            [engine([f"{LOADERS}.locmem.Loader"])],
            [engine(["dbtemplates.loader.Loader"])],
            [],
        ],
    )
    def test_engines_that_keep_or_are_others(self, engines):
        assert not found(told(DEBUG=False, TEMPLATES=engines))

    def test_debug_is_on(self):
        assert not found(told(DEBUG=True, TEMPLATES=[engine(PLAIN)]))

    @pytest.mark.parametrize("module", ["config.settings.dev", "settings_test"])
    def test_settings_for_development(self, module):
        assert not found(told(module=module, DEBUG=False, TEMPLATES=[engine(PLAIN)]))


class TestRefuses:
    def test_settings_that_are_not_known(self):
        assert not found(told(DEBUG=False))
        assert not found(told(TEMPLATES=[engine(PLAIN)]))
