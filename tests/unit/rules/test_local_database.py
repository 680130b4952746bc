"""When SQLite is a site's database, and when it is only a developer's."""

from __future__ import annotations

import pytest
from tests.unit.rules.recordings import in_loop, recorded
from tests.unit.rules.settings import told
from tests.unit.rules.sources import text_at

from nuages.cases import Case
from nuages.model import Finding
from nuages.rules import local_database

SQLITE = "django.db.backends.sqlite3"
POSTGRES = "django.db.backends.postgresql"
LITERAL = f'DATABASES = {{"default": {{"ENGINE": "{SQLITE}", "NAME": BASE_DIR / "db"}}}}\n'


def databases(engine: str = SQLITE, name: str = "file") -> dict[str, dict[str, str]]:
    return {"default": {"ENGINE": engine, "NAME": name}}


def found(case: Case) -> list[Finding]:
    return list(local_database.find(case))


class TestFinds:
    def test_sqlite_in_settings_that_a_site_runs_with(self, tmp_path):
        case = told(
            tmp_path, files={"config__settings": LITERAL}, DATABASES=databases(), DEBUG=False
        )
        [finding] = found(case)
        assert finding.message == (
            "The database 'default' is SQLite: a file of one host, with one writer at a time"
        )
        assert text_at(case.code, finding.location).startswith("DATABASES")
        assert finding.concern == "hazard"

    def test_more_surely_where_requests_write(self):
        write = in_loop(None, 1, verb="INSERT", sql='INSERT INTO "a" VALUES (%s)')
        [finding] = found(told(recording=recorded(write), DATABASES=databases()))
        assert finding.confidence == 0.8
        assert finding.routes == ("GET /api/feed/",)

    def test_productions_settings_when_those_for_development_ran(self, tmp_path):
        files = {"settings__dev": LITERAL, "settings__prod": LITERAL}
        case = told(tmp_path, files=files, module="settings.dev", DATABASES=databases(), DEBUG=True)
        assert found(case)[0].location.file == "settings/prod.py"


class TestStaysSilent:
    @pytest.mark.parametrize("engine", [POSTGRES, "django.db.backends.mysql"])
    def test_on_servers(self, engine):
        assert not found(told(DATABASES=databases(engine)))

    def test_on_a_database_in_memory(self):
        assert not found(told(DATABASES=databases(name="memory")))

    @pytest.mark.parametrize("module", ["config.settings.dev", "tests.settings", "settings_local"])
    def test_on_settings_for_development_and_tests(self, module):
        assert not found(told(module=module, DATABASES=databases()))

    def test_with_debug_on(self):
        assert not found(told(DATABASES=databases(), DEBUG=True))

    @pytest.mark.parametrize(
        "text",
        [
            'DATABASES = {"default": env.db("DATABASE_URL", default="sqlite:///db.sqlite3")}\n',
            'DATABASES = {"default": dj_database_url.config(default="sqlite:///db")}\n',
            f'DATABASES = {{"default": {{"ENGINE": os.getenv("ENGINE", "{SQLITE}")}}}}\n',
            LITERAL + f'if PROD:\n    DATABASES = {{"default": {{"ENGINE": "{POSTGRES}"}}}}\n',
        ],
    )
    def test_where_the_settings_leave_it_open(self, tmp_path, text):
        files = {"config__settings": text}
        assert not found(told(tmp_path, files=files, DATABASES=databases(), DEBUG=False))

    def test_where_another_settings_module_has_a_server(self, tmp_path):
        files = {
            "settings__base": LITERAL,
            "settings__production": LITERAL.replace(SQLITE, POSTGRES),
        }
        assert not found(told(tmp_path, files=files, module="settings.base", DATABASES=databases()))


class TestRefuses:
    def test_without_settings(self):
        assert not found(Case())
