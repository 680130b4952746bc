"""Which connections are kept for nobody."""

from __future__ import annotations

import pytest
from tests.unit.rules.deployments import fleet, on_postgres, served
from tests.unit.rules.recordings import called, with_calls
from tests.unit.rules.sources import code as project

from nuages.cases import Case
from nuages.code import Code
from nuages.deployment import Deployment
from nuages.model import Facts, Finding, Recording
from nuages.rules import persistent_under_async

OPENED = with_calls(
    called("connection", "default", "connect", executions=20, location=None),
)


def found(
    facts: Facts | None = None,
    deployment: Deployment | None = None,
    recording: Recording | None = None,
    code: Code | None = None,
) -> list[Finding]:
    case = Case(
        recording or Recording(),
        facts or Facts(),
        code or Code(),
        deployment=deployment or Deployment(),
    )
    return list(persistent_under_async.find(case))


class TestFinds:
    def test_connections_that_are_kept_under_asgi(self):
        (finding,) = found(on_postgres(CONN_MAX_AGE=60, server="uvicorn"))
        assert finding.message.startswith(
            "Connections to 'default' are kept for 60 s (CONN_MAX_AGE) under ASGI (uvicorn): "
        )
        assert finding.hint.startswith('set DATABASES["default"]["CONN_MAX_AGE"] = 0, and set ')
        assert (finding.concern, finding.confidence) == ("hazard", 0.9)

    def test_for_ever(self):
        (finding,) = found(on_postgres(CONN_MAX_AGE=None, server="daphne"))
        assert "kept for ever" in finding.message

    def test_how_many_were_opened(self):
        facts = on_postgres(CONN_MAX_AGE=60, server="uvicorn")
        (finding,) = found(facts, recording=OPENED)
        assert (finding.evidence.calls, finding.evidence.requests) == (20, 20)
        assert finding.evidence.figures["connections_opened"] == 20

    @pytest.mark.parametrize(
        ("service", "by"),
        [
            (served("uvicorn"), "ASGI (uvicorn in compose.yml)"),
            (served(worker_class="uvicorn.workers.UvicornWorker"), "ASGI (gunicorn in"),
            (served("granian", "asgi"), "ASGI (granian in"),
            (served(worker_class="gevent"), "gevent (gunicorn in"),
        ],
    )
    def test_what_the_project_s_files_say_that_it_is_served_by(self, service, by):
        (finding,) = found(on_postgres(CONN_MAX_AGE=60), fleet(service))
        assert by in finding.message
        assert finding.confidence == 0.9

    def test_less_surely_beside_a_server_with_threads(self):
        (finding,) = found(on_postgres(CONN_MAX_AGE=60), fleet(served(), served("daphne")))
        assert finding.confidence == 0.6

    def test_pgbouncer_before_there_was_a_pool(self):
        (finding,) = found(on_postgres(CONN_MAX_AGE=60, server="uvicorn", django="4.2"))
        assert finding.hint.endswith("and put PgBouncer in between")

    @pytest.mark.parametrize(
        "line",
        [
            'DATABASES["default"]["CONN_MAX_AGE"] = 600',
            'DATABASES = {"default": {"CONN_MAX_AGE": None}}',
            "DATABASES = {'default': dj_database_url.config(conn_max_age=600)}",
        ],
    )
    def test_what_other_settings_say(self, tmp_path, line):
        code = project(tmp_path, config__settings__prod=f"{line}\n")
        (finding,) = found(on_postgres(), fleet(served("uvicorn")), code=code)
        assert (finding.location.file, finding.location.line) == ("config/settings/prod.py", 1)
        assert finding.confidence == 0.6


class TestStaysSilent:
    @pytest.mark.parametrize(
        "line",
        [
            'DATABASES["default"]["CONN_MAX_AGE"] = 0',
            'DATABASES["default"]["CONN_MAX_AGE"] = env.int("AGE")',
            'DATABASES = {"default": {"CONN_MAX_AGE": 0, "OPTIONS": {"pool": True}}}',
            'DATABASES["default"]["CONN_MAX_AGE"] = False',
        ],
    )
    def test_on_settings_that_keep_nothing(self, tmp_path, line):
        code = project(tmp_path, config__settings__prod=f"{line}\n")
        assert not found(on_postgres(), fleet(served("uvicorn")), code=code)

    def test_on_settings_of_development_and_of_threads(self, tmp_path):
        line = 'DATABASES["default"]["CONN_MAX_AGE"] = 600\n'
        code = project(tmp_path / "a", config__settings__local=line)
        assert not found(on_postgres(), fleet(served("uvicorn")), code=code)
        code = project(tmp_path / "b", config__settings__prod=line)
        assert not found(on_postgres(), fleet(served()), code=code)

    @pytest.mark.parametrize("server", ["gunicorn", "runserver", "pytest", "nuages", ""])
    def test_on_threads(self, server):
        assert not found(on_postgres(CONN_MAX_AGE=60, server=server), fleet(served()))

    def test_on_connections_that_are_closed(self):
        assert not found(on_postgres(CONN_MAX_AGE=0, server="uvicorn"))

    def test_on_a_pool(self):
        facts = on_postgres(CONN_MAX_AGE=60, server="uvicorn", options={"pool": True})
        assert not found(facts)

    def test_on_files(self):
        engine = "django.db.backends.sqlite3"
        assert not found(on_postgres(CONN_MAX_AGE=60, server="uvicorn", engine=engine))

    def test_on_workers_that_answer_no_requests(self):
        worker = served("celery", "gevent", name="worker")
        assert not found(on_postgres(CONN_MAX_AGE=60), fleet(served(), worker))


class TestRefuses:
    def test_without_facts(self):
        assert not found(None, fleet(served("uvicorn")))

    def test_where_nothing_says_how_it_is_served(self):
        assert not found(on_postgres(CONN_MAX_AGE=60))

    def test_to_count_what_another_server_opened(self):
        facts = on_postgres(CONN_MAX_AGE=60, server="runserver")
        (finding,) = found(facts, fleet(served("uvicorn")), OPENED)
        assert finding.evidence.calls == 0
