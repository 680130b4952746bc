from __future__ import annotations

import json
from pathlib import Path

import pytest

from nuages.stack import caddy
from nuages.topology import READY_PATH, Service, Topology

SOCKETS = Path("/s")


def topology(*services: Service) -> Topology:
    return Topology(project="shop", services=services or (Service(name="web", most=2),))


def server(*services: Service, files=None):
    told = caddy.configuration(topology(*services), SOCKETS, Path("/a.sock"), files or {})
    json.dumps(told)
    return told["apps"]["http"]["servers"]["up"]


def proxies(*services: Service):
    return [handler for route in server(*services)["routes"] for handler in route["handle"]
            if handler["handler"] == "reverse_proxy"]  # fmt: skip


class TestTheSettingsThatLostNoRequest:
    def test_every_slot_is_declared_and_twice_as_many_as_replicas(self):
        (proxy,) = proxies(Service(name="web", most=3))
        assert [each["dial"] for each in proxy["upstreams"]] == [
            f"unix//s/web-{slot}.sock" for slot in range(1, 7)
        ]

    def test_checks_are_frequent_and_patient(self):
        (proxy,) = proxies()
        active = proxy["health_checks"]["active"]
        assert (active["interval"], active["timeout"]) == ("250ms", "5000ms")
        assert active["uri"] == READY_PATH
        assert active["headers"]["X-Nuages"] == ["balancer"]
        assert active["headers"]["Connection"] == ["close"]  # tests/integration/stack/test_caddy.py
        assert proxy["health_checks"]["passive"]["max_fails"] == 1

    def test_the_least_busy_replica_and_other_tries_for_twenty_seconds(self):
        (proxy,) = proxies()
        balancing = proxy["load_balancing"]
        assert balancing["selection_policy"] == {"policy": "least_conn"}
        assert balancing["try_duration"] == "20s"

    def test_the_administration_is_a_private_socket_and_nothing_is_saved(self):
        admin = caddy.configuration(topology(), SOCKETS, Path("/a.sock"), {})["admin"]
        assert admin == {"listen": "unix//a.sock|0600", "config": {"persist": False}}

    def test_clients_are_told_to_connect_anew_before_it_ends(self):
        first = server()["routes"][0]
        assert first["match"] == [{"vars": {"{http.shutting_down}": ["true"]}}]
        assert first["handle"][0]["response"]["set"] == {"Connection": ["close"]}


class TestRoutes:
    def test_the_longest_prefix_first_and_the_rest_last(self):
        services = (
            Service(name="web"),
            Service(name="api", routes=("/api/",)),
            Service(name="uploads", routes=("/api/uploads/",)),
        )
        dialled = [each["upstreams"][0]["dial"] for each in proxies(*services)]
        assert dialled == ["unix//s/uploads-1.sock", "unix//s/api-1.sock", "unix//s/web-1.sock"]

    @pytest.mark.parametrize(
        ("route", "matcher"),
        [
            ("/api/", {"path": ["/api/*"]}),
            ("/api", {"path": ["/api", "/api/*"]}),
            ("^/carts/[0-9]+/\\z", {"path_regexp": {"pattern": "^/carts/[0-9]+/\\z"}}),
        ],
    )
    def test_prefixes_end_where_a_part_of_the_path_does(self, route, matcher):
        assert caddy.matchers([route]) == [matcher]

    def test_what_replicas_tell_the_stack_is_hidden(self):
        hidden = server()["routes"][1]
        assert hidden["match"] == [{"path": ["/-/nuages/*"]}]
        assert hidden["handle"][0]["status_code"] == 404

    def test_files_that_exist_are_served_and_the_rest_is_the_projects(self):
        routes = server(files={"/static/": Path("/f")})["routes"]
        (files,) = [each for each in routes if each["handle"][0]["handler"] == "file_server"]
        assert files["match"][0]["path"] == ["/static/*"]
        assert files["match"][0]["file"]["root"] == "/f"
