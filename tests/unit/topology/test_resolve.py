from __future__ import annotations

import pytest

from nuages.topology import Service, table
from nuages.topology.resolve import FILE, Found, TopologyError, resolve

FOUND = Found(name="shop", wsgi="shop.wsgi:application", cpus=2)


def resolved(told=None, found=FOUND, **flags):
    return resolve(table.topology(told or {}), found, {k.replace("__", "."): v
                                                      for k, v in flags.items()})  # fmt: skip


class TestDefaults:
    def test_a_project_needs_no_configuration(self):
        topology = resolved()
        assert topology.services == (Service(name="web", replicas=2,
                                             application="shop.wsgi:application"),)  # fmt: skip
        assert topology.cache.kind == "valkey"
        assert [pool.kind for pool in topology.pools] == ["pgbouncer"]

    def test_every_slot_is_there_twice(self):
        assert resolved({"services": {"web": {"most": 6}}}).service("web").slots == 12

    def test_replicas_beyond_the_usual_raise_the_slots(self):
        assert resolved({"services": {"web": {"replicas": 12}}}).service("web").most == 12

    def test_an_asynchronous_project_gets_its_asgi_application_and_the_reason(self):
        found = Found(name="chat", wsgi="chat.wsgi:application", asgi="chat.asgi:application",
                      is_async=True)  # fmt: skip
        topology = resolved(found=found)
        assert topology.service("web").application == "chat.asgi:application"
        assert "0.13 to 0.56" in topology.sources["server"]

    def test_workers_that_were_found_run_beside_the_web(self):
        found = Found(name="shop", wsgi="shop.wsgi:application",
                      workers={"celery": ("celery", "-A", "shop", "worker")},
                      schedules={"beat": ("celery", "-A", "shop", "beat")})  # fmt: skip
        topology = resolved(found=found)
        assert [each.name for each in topology.services] == ["web", "celery", "beat"]
        assert [each.kind for each in topology.services] == ["web", "worker", "schedule"]


class TestWhoWins:
    def test_the_file_wins_over_the_default_and_a_flag_over_the_file(self):
        told = {"port": 9000, "services": {"web": {"replicas": 3}}}
        topology = resolved(told, services__web__replicas=5)
        assert (topology.balancer.port, topology.service("web").replicas) == (9000, 5)
        assert topology.sources["port"] == FILE
        assert topology.sources["services.web.replicas"] == "--replicas"

    def test_a_service_may_have_another_server_than_the_rest(self):
        told = {"server": "gunicorn", "services": {"api": {"routes": ["/api/"],
                                                           "server": "granian"}}}  # fmt: skip
        topology = resolved(told)
        assert topology.service("web").server == "gunicorn"
        assert topology.service("api").server == "granian"


class TestServices:
    def test_what_no_routes_name_is_the_web_services(self):
        topology = resolved({"services": {"api": {"routes": ["/api/"]}}})
        assert [(each.name, each.routes) for each in topology.services] == [
            ("web", ()), ("api", ("/api/",)),
        ]  # fmt: skip

    def test_a_schedule_has_one_process_whatever_is_told(self):
        told = {"services": {"beat": {"kind": "schedule", "command": "celery beat", "replicas": 3}}}
        assert resolved(told).service("beat").replicas == 1


class TestRefusals:
    def test_two_services_without_routes(self):
        with pytest.raises(TopologyError, match="all would"):
            resolved({"services": {"web": {}, "other": {}}})

    def test_a_pool_that_nobody_made(self):
        with pytest.raises(TopologyError, match="there is none"):
            resolved({"services": {"web": {"pool": "api"}}})

    def test_pools_that_hold_more_than_the_server_gives(self):
        with pytest.raises(TopologyError, match="max_connections are 90"):
            resolved({"pool_size": 80, "pools": {"api": 20}})

    def test_a_project_without_an_application(self):
        with pytest.raises(TopologyError, match="no WSGI"):
            resolved(found=Found(name="shop"))
