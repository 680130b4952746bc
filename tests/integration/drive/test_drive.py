"""Drives the hard project on SQLite: what is filled, resolved, asked and answered."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from nuages.answers import Answer, Request
from nuages.model import RouteCoverage
from nuages.session import AgentSession
from nuages.traffic.crawl import Limits, Traffic, crawl, replay, send

PROJECT = Path(__file__).parent / "project"
ROWS = 80


@dataclass
class Driven:
    session: AgentSession
    data: Path
    info: dict[str, Any]
    filled: dict[str, Any]
    actors: list[str]
    routes: list[dict[str, Any]]
    targets: dict[str, Any]
    traffic: Traffic

    def rows(self, sql: str, database: str = "nasty") -> list[tuple[Any, ...]]:
        with sqlite3.connect(self.data / f"{database}.sqlite3") as connection:
            return connection.execute(sql).fetchall()

    def covered(self, route: str) -> RouteCoverage:
        return next(c for c in self.traffic.coverage.routes if c.route == route)

    def ask(self, path: str, actor: str = "anonymous") -> Answer:
        return send(self.session, Request(path=path, actor=actor))


@pytest.fixture(scope="module")
def driven(start: Any, tmp_path_factory: pytest.TempPathFactory) -> Driven:
    data = tmp_path_factory.mktemp("data")
    session = start(PROJECT, "nasty.settings", NASTY_DATA=str(data))
    info = session.call("setup")
    session.call("migrate")
    filled = session.call("fill", rows=ROWS, seed=7)
    actors = session.call("actors")
    routes = session.call("routes")
    targets = session.call("targets")
    traffic = crawl(session, actors=actors, limits=Limits(per_route=3, requests=2000))
    return Driven(session, data, info, filled, actors, routes, targets, traffic)


def test_setup_says_what_the_project_is(driven: Driven) -> None:
    assert driven.info["settings_module"] == "nasty.settings"
    assert driven.info["user_model"] == "people.Member"
    assert set(driven.info["databases"]) == {"default", "archive"}
    assert driven.info["databases"]["default"]["vendor"] == "sqlite"


def test_the_projects_prints_stay_out_of_the_protocol(driven: Driven) -> None:
    assert driven.session.call("counts")
    assert "print" in driven.session.tail(lines=200)


# Filling


def test_every_model_gets_rows_but_those_that_can_have_none(driven: Driven) -> None:
    skipped = driven.filled["skipped"]
    assert skipped.pop("shop.Egg") == skipped.pop("shop.Hen") == "a cycle of required foreign keys"
    assert set(skipped.values()) == {"Django's own bookkeeping"}
    assert min(driven.filled["filled"].values()) >= 20


def test_each_database_gets_its_own_models_rows(driven: Driven) -> None:
    assert driven.rows("select count(*) from archive_entry", "archive") == [(ROWS // 2,)]
    assert not driven.rows("select name from sqlite_master where name = 'archive_entry'")


def test_multi_table_inheritance_fills_both_tables(driven: Driven) -> None:
    (orphans,) = driven.rows(
        "select count(*) from shop_product where item_ptr_id not in (select id from shop_item)"
    )
    assert orphans == (0,)


def test_foreign_keys_of_one_row_agree(driven: Driven) -> None:
    tickets = "shop_ticket t join shop_tickettype y on y.id = t.type_id"
    assert driven.rows(f"select count(*) from {tickets} where t.event_id != y.event_id") == [(0,)]


def test_fan_out_is_skewed_so_that_loops_show(driven: Driven) -> None:
    ((most,),) = driven.rows(
        "select max(n) from (select count(*) n from shop_ticket group by event_id)"
    )
    assert most >= 8


def test_the_actors_own_a_good_share(driven: Driven) -> None:
    owned = driven.rows(
        "select count(*) from shop_order o join people_member m on m.id = o.customer_id "
        "where m.email like 'nuages-%' group by m.id"
    )
    assert len(owned) == 2
    assert min(owned) >= (3,)


def test_pages_have_something_to_show(driven: Driven) -> None:
    ((shown,),) = driven.rows("select avg(published) from shop_item")
    assert shown > 0.8


def test_generic_keys_lead_to_rows(driven: Driven) -> None:
    comments = "shop_comment c join django_content_type t on t.id = c.content_type_id"
    kinds = driven.rows(f"select distinct t.model from {comments}")
    assert kinds == [("product",)]
    lost = f"select count(*) from {comments} where object_id not in (select id from shop_item)"
    assert driven.rows(lost) == [(0,)]


def test_validators_are_obeyed(driven: Driven) -> None:
    numbers = [number for (number,) in driven.rows("select member_number from people_member")]
    assert all(number.startswith("M-") and len(number) == 8 for number in numbers)
    assert driven.rows("select count(*) from shop_rating where stars not between 1 and 5") == [(0,)]


def test_keys_that_close_a_cycle_are_set_in_the_end(driven: Driven) -> None:
    ((captains,),) = driven.rows("select count(*) from people_team where captain_id is not null")
    assert captains > 0


def test_many_to_many_tables_are_filled_both_ways_if_symmetrical(driven: Driven) -> None:
    assert driven.rows("select count(*) > 30 from shop_product_tags") == [(1,)]
    one_sided = driven.rows(
        "select count(*) from people_member_friends a where not exists (select 1 from "
        "people_member_friends b where a.from_member_id = b.to_member_id "
        "and b.from_member_id = a.to_member_id)"
    )
    assert one_sided == [(0,)]


# Routes and their arguments


def test_routes_are_named_as_django_names_them(driven: Driven) -> None:
    named = {route["route"] for route in driven.routes}
    seen = {answer.route.partition(" ")[2] for answer in driven.traffic.answers}
    assert seen - named <= {"(unmatched)"}


@pytest.mark.parametrize(
    "route",
    [
        "/orgs/<slug:org>/events/<slug:event>/tickets/<int:ticket>/",
        "/^legacy/(?P<year>[0-9]{4})/(?P<month>[0-9]{1,2})/$",
        r"/^legacy/(\d+)/$",
        "/^list/(?P<mode>grid|rows)/$",
        "/hex/<hex:pk>/",
        "/byorg/<org:org>/",
        "/members/<uuid:token>/",
        "/u/<str:username>/",
        "/cards/<str:member_number>/",
        "/products/<slug:slug>/",
        "/products/<slug:slug>/shadow/",
        "/archive/<int:pk>/",
        "/pages/<int:pk>/",
        "/en/talks/",
        "/mine/",
        "/async/",
        "/stream/",
        "/astream/",
        "/admin/shop/order/<path:object_id>/change/",
        "/api/products/(?P<slug>[^/.]+)/similar/$",
        "/api/orders/(?P<pk>[^/.]+)/$",
        "/api/clerks/(?P<member_token>[^/.]+)/$",
    ],
)
def test_arguments_come_from_the_data(driven: Driven, route: str) -> None:
    assert driven.covered(f"GET {route}").state == "reached"


def test_what_is_not_driven_says_why(driven: Driven) -> None:
    reasons = {c.route: c.reason for c in driven.traffic.coverage.routes if c.state == "not driven"}
    assert reasons["POST /post-only/"] == "answers only POST"
    assert reasons["POST /api/products/(?P<slug>[^/.]+)/buy/$"] == "answers only POST"
    assert reasons["GET /logout/"] == "looks destructive"
    assert "riddle" in reasons["GET /unknowable/<str:riddle>/"]


def test_links_in_html_and_json_are_followed(driven: Driven) -> None:
    paths = {answer.request.path for answer in driven.traffic.answers}
    assert "/mine/?tab=1" in paths
    assert not any("https:" in path for path in paths)


# Asking


def test_each_actor_is_who_they_are(driven: Driven) -> None:
    assert driven.actors == ["anonymous", "user", "staff"]
    clerks = {actor: driven.ask("/api/clerks/", actor).status for actor in driven.actors}
    assert clerks == {"anonymous": 401, "user": 403, "staff": 200}
    admin = {actor: driven.ask("/admin/shop/order/", actor).status for actor in driven.actors}
    assert admin == {"anonymous": 302, "user": 302, "staff": 200}


def test_an_actor_who_was_logged_out_logs_in_again(driven: Driven) -> None:
    assert driven.ask("/logout/", "user").status == 302
    assert driven.ask("/mine/", "user").status == 200


def test_an_actor_who_lost_their_rights_gets_them_back(driven: Driven) -> None:
    assert driven.ask("/resign/", "staff").status == 302
    assert driven.ask("/admin/shop/order/", "staff").status == 200


def test_a_function_of_the_project_may_log_an_actor_in(start: Any, driven: Driven) -> None:
    session = start(PROJECT, "nasty.settings", NASTY_DATA=str(driven.data))
    session.call("setup")
    functions = {
        "captain": "people.actors:captain",
        "user": "people.actors:with_token",
        "ghost": "people.actors:nobody",
    }
    assert session.call("actors", functions=functions) == ["anonymous", "user", "staff", "captain"]
    assert session.call("missing_actors") == {"ghost": "LookupError: nobody there"}
    asked = send(session, Request(path="/mine/", actor="captain"))
    assert asked.status == 200
    token = send(session, Request(path="/token/", actor="user"))
    assert json.loads(token.body) == {"token": "Bearer nuages-user@example.com"}


def test_streams_are_consumed_sync_and_async(driven: Driven) -> None:
    assert len(driven.ask("/stream/").body.split()) >= 20
    assert len(driven.ask("/astream/").body.split()) == 5


def test_a_failing_view_names_the_projects_own_line(driven: Driven) -> None:
    answer = driven.ask("/broken/")
    assert answer.status == 500
    assert answer.exception is not None
    assert "views.py" in answer.exception
    assert answer.exception.endswith("RuntimeError: broken on purpose")


def test_a_broken_transaction_does_not_reach_the_next_request(driven: Driven) -> None:
    assert driven.ask("/broken-transaction/").status == 500
    assert driven.ask("/async/").status == 200


@pytest.mark.parametrize("path", ["/slow/?really=1", "/slow/?deaf=1"])
def test_a_request_that_takes_too_long_is_given_up(driven: Driven, path: str) -> None:
    answer = send(driven.session, Request(path=path), timeout=0.5)
    assert answer.status == 504
    assert "no answer within 0.5 s" in (answer.exception or "")
    assert driven.ask("/async/").status == 200


def test_a_replay_gives_the_same_answers(driven: Driven) -> None:
    asked = [a.request for a in driven.traffic.answers if a.request.path.startswith("/api/")]
    first, second = (replay(driven.session, asked) for _ in range(2))
    assert [a.request for a in first] == asked
    assert [(a.status, a.body) for a in first] == [(a.status, a.body) for a in second]


def test_statuses_are_counted_by_route(driven: Driven) -> None:
    counted = Counter(driven.covered("GET /broken/").statuses)
    assert counted == {"500": 3}


def test_json_comes_through_as_it_was_sent(driven: Driven) -> None:
    listed = json.loads(driven.ask("/api/products/").body)
    assert {"title", "slug", "tags"} <= set(listed["results"][0])


def test_a_probe_times_a_few_pages_as_each_actor(driven: Driven) -> None:
    spent = driven.session.call("probe")
    assert list(spent) == driven.actors
    assert all(0 < seconds < 5 for seconds in spent.values())
