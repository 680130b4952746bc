"""Which queries go to another database than they might, or should."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.unit.rules.databases import model
from tests.unit.rules.recordings import COMMAND, FEED, HOME, POSTS, TEST, in_loop, recorded

from nuages.cases import Case
from nuages.model import Facts, Finding, QueryGroup, Scope, Statement
from nuages.rules import wrong_database

PG = {"ENGINE": "django.db.backends.postgresql"}
WITH_REPLICA = {"DATABASES": {"default": PG, "replica": PG}}
ROUTED = {**WITH_REPLICA, "DATABASE_ROUTERS": ["site.routers.Split"]}
POST = Scope(kind="request", name="POST /posts/")


def found(
    *groups: QueryGroup, settings: Any = WITH_REPLICA, home: str = "default"
) -> list[Finding]:
    facts = Facts(settings=settings, models=(model(alias=home),))
    return list(wrong_database.find(Case(recorded(*groups), facts)))


def on(alias: str, group: QueryGroup) -> QueryGroup:
    return replace(group, statement=replace(group.statement, alias=alias))


def reads(times: int = 200, scope: Scope = FEED) -> QueryGroup:
    return in_loop(POSTS, 1, executions=times, scope=scope, sql='SELECT "post"."id" FROM "post"')


def write(scope: Scope = FEED) -> QueryGroup:
    return in_loop(None, 1, sql='UPDATE "post" SET "state" = %s', verb="UPDATE", scope=scope)


def raw(alias: str) -> QueryGroup:
    group = in_loop(None, 5, sql="SELECT count(*) FROM post", shape="raw")
    return on(alias, group)


class TestFinds:
    def test_a_replica_that_nobody_reads(self):
        (finding,) = found(reads())
        assert finding.message == (
            'No query went to "replica", and 200 reads of requests that wrote nothing went to '
            '"default"'
        )
        assert finding.hint.startswith("name a router in DATABASE_ROUTERS")
        assert finding.remedy.path == "DATABASE_ROUTERS"
        assert finding.routes == (FEED.name,)
        assert finding.evidence.wall_ms == 0

    def test_a_router_that_gives_none_of_them(self):
        (finding,) = found(reads(), settings=ROUTED)
        assert "db_for_read() of your router" in finding.hint
        assert finding.confidence == 0.6

    def test_a_replica_that_its_mirror_names(self):
        settings = {"DATABASES": {"default": PG, "east": {**PG, "MIRROR": "default"}}}
        assert len(found(reads(), settings=settings)) == 1

    def test_raw_sql_past_the_router(self):
        orm = on("archive", reads())
        (finding,) = found(orm, raw("default"), settings=ROUTED, home="archive")
        assert finding.message == (
            'Raw SQL reads post on "default", and the router has blog.Post on "archive"'
        )
        assert finding.concern == "hazard"
        assert finding.location


class TestStaysSilent:
    def test_where_the_replica_is_read(self):
        assert not found(reads(), on("replica", reads(5)))

    def test_on_reads_of_requests_that_write(self):
        assert not found(reads(), write())

    def test_on_reads_that_lock(self):
        lock = in_loop(POSTS, 1, sql='SELECT "post"."id" FROM "post" FOR UPDATE')
        assert not found(reads(), lock)

    @pytest.mark.parametrize("scope", [POST, COMMAND, TEST])
    def test_on_what_is_no_request_that_only_asks(self, scope):
        assert not found(reads(scope=scope))

    def test_on_few_reads(self):
        assert not found(reads(40), reads(40, HOME))

    @pytest.mark.parametrize("alias", ["archive", "analytics", "ready", "spreadsheet", "legacy"])
    def test_on_databases_that_are_no_replicas(self, alias):
        assert not found(reads(), settings={"DATABASES": {"default": PG, alias: PG}})

    def test_on_a_replica_of_another_engine(self):
        other = {"ENGINE": "django.db.backends.mysql"}
        assert not found(reads(), settings={"DATABASES": {"default": PG, "replica": other}})

    def test_on_raw_sql_where_the_model_is(self):
        orm = on("archive", reads())
        assert not found(orm, raw("archive"), settings=ROUTED, home="archive")

    def test_on_raw_sql_on_a_replica_of_it(self):
        settings = {**ROUTED, "DATABASES": {"default": PG, "replica": PG}}
        assert not found(reads(), raw("replica"), settings=settings)

    def test_on_a_model_that_is_read_from_both(self):
        both = on("archive", reads()), on("default", reads())
        settings = {**ROUTED, "DATABASES": {"default": PG, "archive": PG}}
        assert not found(*both, raw("default"), settings=settings, home="archive")


class TestRefuses:
    def test_without_settings(self):
        assert not found(reads(), settings={})

    def test_without_routers_raw_sql_is_as_it_is_meant(self):
        settings = {"DATABASES": {"default": PG, "archive": PG}}
        orm = on("archive", reads())
        assert not found(orm, raw("default"), settings=settings, home="archive")

    def test_without_a_recording(self):
        assert not found()


def test_a_statement_without_a_table_is_nobodys():
    odd = replace(raw("default"), statement=Statement(sql="SELECT 1", verb="SELECT"))
    assert not found(odd, settings=ROUTED, home="archive")
