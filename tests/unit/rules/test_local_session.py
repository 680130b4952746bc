"""Which sessions other hosts cannot read."""

from __future__ import annotations

import pytest
from tests.unit.rules.settings import DUMMY, FILES, LOCMEM, REDIS, caches, told, written
from tests.unit.rules.sources import text_at
from tests.unit.rules.traffic import passed, requests

from nuages.cases import Case
from nuages.grounds.middleware_needs import SESSIONS
from nuages.model import Finding
from nuages.rules import local_session

BACKENDS = "django.contrib.sessions.backends"
LOCAL = {"CACHES": caches(default=LOCMEM), "DEBUG": False}


def found(case: Case) -> list[Finding]:
    return list(local_session.find(case))


class TestFinds:
    def test_files(self):
        [finding] = found(told(SESSION_ENGINE=f"{BACKENDS}.file"))
        assert finding.message.startswith("Sessions are files of one host")
        assert finding.concern == "hazard"
        assert finding.confidence == 0.9

    def test_a_cache_of_one_process(self):
        [finding] = found(told(SESSION_ENGINE=f"{BACKENDS}.cache", **LOCAL))
        assert "kept in the cache 'default', which is of one process" in finding.message
        assert f'or set SESSION_ENGINE = "{BACKENDS}.db"' in finding.hint

    def test_a_database_read_through_a_cache_of_one_process(self):
        [finding] = found(told(SESSION_ENGINE=f"{BACKENDS}.cached_db", **LOCAL))
        assert "what another writes, a logout too, is not seen there" in finding.message
        assert finding.confidence == 0.75

    def test_another_cache_than_the_default(self):
        given = {"CACHES": caches(default=REDIS, kept=FILES), "SESSION_CACHE_ALIAS": "kept"}
        [finding] = found(told(SESSION_ENGINE=f"{BACKENDS}.cache", **given))
        assert "'kept', which is of one host" in finding.message

    def test_where_it_is_written_and_what_wrote_a_session(self, tmp_path):
        files = {"config__settings": f'SESSION_ENGINE = "{BACKENDS}.file"\n'}
        recording = requests(passed(SESSIONS, 9, does="changed response"))
        case = told(tmp_path, files=files, recording=recording, SESSION_ENGINE=f"{BACKENDS}.file")
        [finding] = found(case)
        assert text_at(case.code, finding.location).startswith("SESSION_ENGINE")
        assert finding.evidence.requests == 9
        assert finding.routes == ("GET /api/feed/",)

    def test_productions_settings_when_those_for_development_ran(self, tmp_path):
        files = {
            "settings__base": f'SESSION_ENGINE = "{BACKENDS}.cache"\n'
            + written("CACHES", default=LOCMEM),
            "settings__dev": "from .base import *\n",
            "settings__production": "from .base import *\n",
        }
        [finding] = found(told(tmp_path, files=files, module="settings.dev", DEBUG=True))
        assert finding.location.file == "settings/base.py"


class TestStaysSilent:
    @pytest.mark.parametrize("engine", ["db", "signed_cookies"])
    def test_on_what_every_host_can_read(self, engine):
        assert not found(told(SESSION_ENGINE=f"{BACKENDS}.{engine}", **LOCAL))

    @pytest.mark.parametrize("engine", ["cache", "cached_db"])
    def test_on_a_shared_cache(self, engine):
        given = {"SESSION_ENGINE": f"{BACKENDS}.{engine}", "CACHES": caches(default=REDIS)}
        assert not found(told(**given))

    def test_on_an_engine_of_the_projects_own(self):
        assert not found(told(SESSION_ENGINE="shop.sessions.redis", **LOCAL))

    def test_without_the_middleware(self):
        given = {"SESSION_ENGINE": f"{BACKENDS}.file", "MIDDLEWARE": ["a.Common"]}
        assert not found(told(**given))

    def test_on_settings_for_development(self):
        given = {"SESSION_ENGINE": f"{BACKENDS}.file"}
        assert not found(told(module="config.settings.development", **given))

    def test_where_the_environment_decides(self, tmp_path):
        files = {
            "config__settings": f'SESSION_ENGINE = env("SESSIONS", default="{BACKENDS}.file")\n'
        }
        assert not found(told(tmp_path, files=files, SESSION_ENGINE=f"{BACKENDS}.file"))

    def test_where_productions_settings_differ(self, tmp_path):
        files = {
            "settings__dev": f'SESSION_ENGINE = "{BACKENDS}.file"\n',
            "settings__prod": f'SESSION_ENGINE = "{BACKENDS}.db"\n',
        }
        given = {"SESSION_ENGINE": f"{BACKENDS}.file"}
        assert not found(told(tmp_path, files=files, module="settings.dev", **given))


class TestRefuses:
    def test_without_settings(self):
        assert not found(Case())

    def test_a_cache_that_is_not_known(self):
        assert not found(told(SESSION_ENGINE=f"{BACKENDS}.cache"))

    def test_less_surely_where_the_cache_keeps_nothing(self):
        given = {"SESSION_ENGINE": f"{BACKENDS}.cached_db", "CACHES": caches(default=DUMMY)}
        assert found(told(**given))[0].confidence == 0.3
