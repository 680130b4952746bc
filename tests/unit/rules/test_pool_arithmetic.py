"""Which deployments can ask for more connections than there are."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.rules.deployments import fleet, on_postgres, served

from nuages.cases import Case
from nuages.deployment import Deployment, Fleet, Pooler
from nuages.model import Facts, Finding
from nuages.rules import pool_arithmetic

WEB = served(workers=4, threads=8, replicas=3)  # 96 connections
WORKER = served("celery", workers=16, name="worker")
BOUNCER = Pooler(
    source="pgbouncer.ini", mode="transaction", pool_size=20, reserve_size=0, max_clients=1000,
    max_db_connections=0, databases=1,
)  # fmt: skip


def found(deployment: Deployment, facts: Facts | None = None) -> list[Finding]:
    case = Case(facts=facts or on_postgres(), deployment=deployment)
    return list(pool_arithmetic.find(case))


class TestFinds:
    def test_more_threads_than_postgresql_has_connections(self):
        (finding,) = found(fleet(WEB, WORKER, max_connections=100))
        assert finding.message == (
            "3 replicas × 4 workers × 8 threads (web) + 16 workers (worker) may open 112 "
            "connections, 97 are there: PostgreSQL's max_connections 100 less 3 reserved "
            "(compose.yml)"
        )
        assert finding.evidence.figures["needed"] == 112
        assert finding.evidence.figures["arithmetic"].endswith(" = 112")
        assert finding.hint.startswith("put PgBouncer in between")
        assert (finding.concern, finding.confidence) == ("hazard", 0.9)

    def test_what_one_replica_alone_exceeds(self):
        one = replace(WEB, workers=16, replicas=None)
        (finding,) = found(fleet(one, max_connections=100))
        assert finding.evidence.figures["needed"] == 128
        assert finding.confidence == 0.8

    def test_what_is_known_of_services_beside_unknown_ones(self):
        unknown = replace(WORKER, workers=None)
        (finding,) = found(fleet(replace(WEB, replicas=9), unknown, max_connections=100))
        assert finding.evidence.figures["needed"] == 288

    def test_a_limit_that_another_file_states(self):
        limit = Fleet(source="postgresql.conf", max_connections=50)
        deployment = Deployment(fleets=(*fleet(WEB).fleets, limit))
        assert found(deployment)[0].evidence.figures["allowed"] == 47

    def test_pools_of_processes(self):
        facts = on_postgres(options={"pool": {"min_size": 2, "max_size": 20}})
        service = served("uvicorn", workers=4, threads=None, replicas=2)
        (finding,) = found(fleet(service, max_connections=100), facts)
        assert "2 replicas × 4 workers × 20 pooled (web)" in finding.message
        assert 'lower max_size of OPTIONS["pool"]' in finding.hint

    def test_more_clients_than_pgbouncer_takes(self):
        pooler = replace(BOUNCER, max_clients=50)
        (finding,) = found(fleet(WEB, pooler=pooler, max_connections=100))
        assert "PgBouncer's max_client_conn (pgbouncer.ini)" in finding.message
        assert finding.hint.startswith("set max_client_conn = 200 in pgbouncer.ini")

    def test_more_servers_than_postgresql_has_connections(self):
        pooler = replace(BOUNCER, pool_size=60, databases=2)
        (finding,) = found(fleet(WEB, pooler=pooler, max_connections=100))
        assert finding.evidence.figures["needed"] == 120
        assert finding.hint.startswith("set max_db_connections = 87 in pgbouncer.ini")

    def test_a_pool_that_starves_its_threads(self):
        (finding,) = found(fleet(WEB), on_postgres(options={"pool": True}))
        assert finding.message.startswith("8 threads of each process of web (compose.yml) share a")
        assert '"max_size": 8' in finding.hint


class TestStaysSilent:
    @pytest.mark.parametrize(
        "deployment",
        [
            fleet(WEB, max_connections=100),
            fleet(WEB, WORKER, max_connections=115),
            fleet(WEB, WORKER, pooler=BOUNCER, max_connections=100),
            fleet(WEB, pooler=replace(BOUNCER, pool_size=90, max_db_connections=40, databases=2),
                  max_connections=100),
            fleet(served("uvicorn", workers=50, threads=None), max_connections=100),
            fleet(served(worker_class="gevent", workers=500), max_connections=100),
        ],
    )  # fmt: skip
    def test_on_what_is_enough_or_not_bounded(self, deployment):
        assert not found(deployment)

    def test_on_a_pool_that_is_smaller_than_the_threads_would_need(self):
        facts = on_postgres(options={"pool": {"max_size": 8}})
        assert not found(fleet(replace(WEB, threads=8), max_connections=100), facts)

    def test_on_another_vendor_s_limits(self):
        facts = on_postgres(engine="django.db.backends.mysql")
        assert not found(fleet(WEB, WORKER, max_connections=100), facts)

    def test_on_an_address_that_is_a_pooler_s(self):
        assert not found(fleet(WEB, WORKER, max_connections=100), on_postgres(PORT="6432"))


class TestRefuses:
    @pytest.mark.parametrize("unknown", [{"workers": None}, {"threads": None}])
    def test_a_factor_that_is_unknown(self, unknown):
        assert not found(fleet(replace(WEB, replicas=99, **unknown), max_connections=100))

    def test_without_a_limit(self):
        assert not found(fleet(replace(WEB, replicas=99)))

    def test_without_facts(self):
        assert not found(fleet(WEB, WORKER, max_connections=100), Facts())

    def test_without_a_deployment(self):
        assert not found(Deployment())

    def test_a_pooler_whose_size_is_unknown(self):
        pooler = replace(BOUNCER, pool_size=None, max_clients=None)
        assert not found(fleet(WEB, WORKER, pooler=pooler, max_connections=10))

    def test_a_pool_whose_size_is_unknown(self):
        facts = on_postgres(options={"pool": None})
        assert not found(fleet(WEB, WORKER, max_connections=10), facts)
