"""Which connections live too short, and where they have to."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.rules.deployments import fleet, on_postgres, served
from tests.unit.rules.recordings import COMMAND, FEED, HOME, POSTS, called, once, with_calls
from tests.unit.rules.sources import code as project

from nuages.cases import Case
from nuages.model import CallGroup, Facts, Finding, Recording
from nuages.rules import connection_per_request


def found(recording: Recording | None = None, facts: Facts | None = None, **parts) -> list[Finding]:
    case = Case(recording or Recording(), facts or Facts(), **parts)
    return list(connection_per_request.find(case))


def opening(executions: int = 20, *, ms: float = 8, name: str = "default", **changes) -> CallGroup:
    changes = {"location": None} | changes
    return called("connection", name, "connect", executions=executions, ms=ms, **changes)


CLOSING = called("connection", "default", "close", executions=20, ms=2, location=None)
EACH = with_calls(opening(), CLOSING)  # of 100 ms each


class TestFinds:
    def test_a_connection_for_each_request(self):
        (finding,) = found(EACH, on_postgres(server="gunicorn"))
        assert finding.message == (
            "Each request opens a connection to 'default' of its own: 10.0 ms, 10 % of all time"
        )
        assert finding.hint.startswith(
            'set DATABASES["default"]["CONN_MAX_AGE"] = 60 and ["CONN_HEALTH_CHECKS"] = True; under'
        )
        assert 'DATABASES["default"]["OPTIONS"]["pool"] = True' in finding.hint
        assert (finding.confidence, finding.routes) == (0.9, ("GET /api/feed/",))
        assert (finding.remedy.kind, finding.remedy.path) == ("setting", "CONN_MAX_AGE")

    def test_what_it_costs(self):
        evidence = found(EACH, on_postgres(server="gunicorn"))[0].evidence
        assert (evidence.requests, evidence.calls, evidence.wall_ms) == (20, 20, 200)
        assert evidence.share == pytest.approx(0.1)
        assert evidence.figures["setup_ms"] == 8
        assert evidence.figures["measured_on"] == "the project's own"

    def test_the_queries_that_set_connections_up(self):
        scopes = tuple(replace(s, counters={"connection_queries": 60}) for s in EACH.scopes)
        (finding,) = found(replace(EACH, scopes=scopes), on_postgres())
        assert finding.evidence.figures["setup_queries"] == 3

    def test_that_a_scratch_server_is_nearer_than_the_real_one(self):
        (finding,) = found(EACH, on_postgres(scratch=True))
        assert "10.0 ms (on this machine, without TLS)" in finding.message
        assert finding.evidence.figures["measured_on"] == "a scratch server"

    def test_all_routes_as_one(self):
        calls = with_calls(opening(), opening(scope=HOME))
        (finding,) = found(calls, on_postgres())
        assert finding.routes == ("GET /", "GET /api/feed/")
        assert finding.evidence.requests == 40

    def test_less_surely_where_runserver_has_a_thread_for_each_request(self):
        (finding,) = found(EACH, on_postgres(server="runserver", debug=True))
        assert finding.confidence == 0.5
        assert finding.hint.endswith("runserver's threads won't show it")

    def test_less_surely_by_the_settings_of_development(self):
        (finding,) = found(EACH, on_postgres(debug=True, server="gunicorn"))
        assert finding.confidence == 0.6

    @pytest.mark.parametrize(
        "parts",
        [
            {"facts": on_postgres(server="uvicorn")},
            {"facts": on_postgres(), "deployment": fleet(served(worker_class="gevent"))},
            {"facts": on_postgres(), "deployment": fleet(served("daphne"))},
        ],
    )
    def test_a_pool_where_no_thread_would_keep_it(self, parts):
        (finding,) = found(EACH, **parts)
        assert finding.hint.startswith('set DATABASES["default"]["OPTIONS"]["pool"] = True')
        assert finding.hint.endswith("so CONN_MAX_AGE stays 0")

    def test_pgbouncer_before_there_was_a_pool(self):
        (finding,) = found(EACH, on_postgres(django="4.2.16", server="uvicorn"))
        assert finding.hint.startswith("put PgBouncer in between")

    def test_without_a_recording_what_the_settings_of_production_say(self):
        (finding,) = found(facts=on_postgres())
        assert finding.message.endswith("how long that takes was not measured")
        assert (finding.confidence, finding.evidence.wall_ms) == (0.5, 0)

    @pytest.mark.parametrize(
        "engine", ["django.db.backends.mysql", "django.contrib.gis.db.backends.postgis",
                   "django_prometheus.db.backends.postgresql"],
    )  # fmt: skip
    def test_the_engines_that_connect_over_a_network(self, engine):
        assert len(found(facts=on_postgres(engine=engine))) == 1

    def test_where_it_is_written(self, tmp_path):
        text = 'DATABASES = {\n    "default": {},\n}\n'
        code = project(tmp_path, config__settings=text, other="DATABASES = {}\n")
        (finding,) = found(facts=on_postgres(), code=code)
        assert (finding.location.file, finding.location.line) == ("config/settings.py", 2)
        (finding,) = found(facts=on_postgres(alias="second"), code=code)
        assert finding.location.line == 1
        (finding,) = found(facts=on_postgres(module="config.production"), code=code)
        assert finding.location is None

    def test_where_it_is_written_under_a_condition(self, tmp_path):
        text = """
            import os
            if os.environ.get("DATABASE_URL"):
                DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql"}}
            else:
                DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3"}}
        """
        code = project(tmp_path, config__settings=text)
        (finding,) = found(facts=on_postgres(module="config.settings"), code=code)
        assert finding.location.file == "config/settings.py"


class TestStaysSilent:
    @pytest.mark.parametrize("age", [60, "600", None, 0.5])
    def test_on_connections_that_are_kept(self, age):
        assert not found(EACH, on_postgres(CONN_MAX_AGE=age))

    @pytest.mark.parametrize("pool", [True, {"max_size": 8}, None])
    def test_on_pools_of_django(self, pool):
        assert not found(EACH, on_postgres(options={"pool": pool}))

    @pytest.mark.parametrize(
        "engine", ["django.db.backends.sqlite3", "dj_db_conn_pool.backends.postgresql",
                   "django_db_geventpool.backends.postgresql_psycopg3", ""],
    )  # fmt: skip
    def test_on_engines_that_do_not_connect_each_time(self, engine):
        assert not found(EACH, on_postgres(engine=engine))

    @pytest.mark.parametrize("server", ["pytest", "manage.py test"])
    def test_on_tests(self, server):
        assert not found(EACH, on_postgres(server=server))

    def test_on_the_first_requests_of_a_process(self):
        seen = with_calls(opening(4), replace(CLOSING, executions=500, calls=500))
        assert not found(seen, on_postgres(debug=True))

    def test_on_a_few_connections_of_many_requests(self):
        feed = replace(once(POSTS), executions=500, calls=500)
        recording = with_calls(opening(20), opening(500, name="other"), groups=(feed,))
        assert not found(recording, on_postgres(debug=True))

    def test_on_a_sqlite_that_stood_in_for_it(self):
        feed = once(POSTS)
        feed = replace(feed, statement=replace(feed.statement, vendor="sqlite"))
        recording = replace(EACH, groups=(feed,))
        assert not found(recording, on_postgres(debug=True))

    def test_on_commands(self):
        assert not found(with_calls(opening(scope=COMMAND)), on_postgres(debug=True))

    def test_without_a_recording_on_development(self):
        assert not found(facts=on_postgres(debug=True))
        assert not found(facts=on_postgres(module="config.settings.local"))
        assert not found(facts=on_postgres(server="manage.py test"))

    def test_without_a_recording_where_another_file_sets_it(self, tmp_path):
        code = project(tmp_path, config__production='DATABASES["default"]["CONN_MAX_AGE"] = 60\n')
        assert not found(facts=on_postgres(), code=code)
        code = project(tmp_path, config__b="DATABASES = dj_database_url.config(conn_max_age=600)\n")
        assert not found(facts=on_postgres(), code=code)

    @pytest.mark.parametrize("service", [served("uvicorn"), served(worker_class="gevent")])
    def test_without_a_recording_where_it_is_right(self, service):
        assert not found(facts=on_postgres(), deployment=fleet(service))


class TestRefuses:
    def test_without_facts(self):
        assert not found(EACH)

    def test_settings_without_databases(self):
        assert not found(EACH, Facts(settings={"DEBUG": False}))

    def test_an_age_that_cannot_be_read(self):
        assert not found(EACH, on_postgres(CONN_MAX_AGE="soon"))

    def test_to_tell_production_without_debug(self):
        facts = on_postgres()
        settings = {name: value for name, value in facts.settings.items() if name != "DEBUG"}
        assert not found(facts=replace(facts, settings=settings))

    def test_to_count_queries_of_two_databases_as_one_s(self):
        recording = with_calls(opening(), opening(name="replica", scope=FEED))
        scopes = tuple(replace(s, counters={"connection_queries": 60}) for s in recording.scopes)
        (finding,) = found(replace(recording, scopes=scopes), on_postgres())
        assert "setup_queries" not in finding.evidence.figures
