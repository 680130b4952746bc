"""Which pages a cache could keep, and which it must not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.rules.recordings import at, called
from tests.unit.rules.sources import code as project
from tests.unit.rules.sources import text_at
from tests.unit.rules.traffic import TTLS, asked, page

from nuages.cases import Case
from nuages.code import Code
from nuages.model import Facts, FieldFacts, Finding, ModelFacts, QueryGroup, Recording, ScopeStats
from nuages.rules import cacheable_view

MENU_PAGE = page()
SCOPE = MENU_PAGE.scope
TAGS = asked(scopes=(SCOPE,))


def found(
    stats: ScopeStats,
    groups: tuple[QueryGroup, ...] = TAGS,
    *,
    calls=(),
    facts: Facts | None = None,
    code: Code | None = None,
) -> list[Finding]:
    recording = Recording(scopes=(stats,), groups=groups, calls=tuple(calls))
    return list(cacheable_view.find(Case(recording, facts or Facts(), code or Code())))


class TestFinds:
    def test_a_page_that_says_the_same_to_everybody(self):
        [finding] = found(MENU_PAGE)
        assert finding.message == (
            "GET /menu/ gave the same to everybody: kept for 60 s, 90 % of its 40 answers of "
            "20.0 ms would have been there already"
        )
        assert finding.hint == (
            "put cache_page(60) around menu (none of them outdated, without a write to its tables)"
        )
        assert finding.evidence.wall_ms == pytest.approx(40 * 20 * 0.9)
        assert finding.evidence.figures["hit_rate"] == 0.9
        assert finding.confidence == 0.5

    def test_more_surely_where_its_tables_were_written_meanwhile(self):
        write = asked('INSERT INTO "shop_tag" ("name") VALUES (%s)', verb="INSERT", calls=2)
        [finding] = found(MENU_PAGE, (*TAGS, *write))
        assert finding.confidence == 0.6
        assert "with 6 writes to its tables" in finding.hint

    def test_the_time_after_which_too_much_would_be_outdated(self):
        stale = {f"response_stale_{ttl}": 20 for ttl in TTLS if int(ttl) > 10}
        [finding] = found(replace(MENU_PAGE, counters={**MENU_PAGE.counters, **stale}))
        assert finding.remedy.path == "10"

    def test_what_varies_by_cookie_helps_visitors_without_one(self):
        [finding] = found(page(responses_varying=40))
        assert "only visitors without a session share it" in finding.hint

    def test_the_method_of_the_view(self, tmp_path):
        text = """
            class TagViewSet(ModelViewSet):
                def list(self, request):
                    pass

                def trending(self, request):
                    return Response(rows())
        """
        code = project(tmp_path, shop__views=text)
        place = at(6, "shop/views.py", "TagViewSet.trending")
        groups = asked(scopes=(SCOPE,), location=place)
        [finding] = found(page(view="shop.views.TagViewSet"), groups, code=code)
        assert text_at(code, finding.location) == "def trending(self, request):"


OWN = 'SELECT "shop_order"."id" FROM "shop_order" WHERE "shop_order"."user_id" = %s'


class TestStaysSilent:
    @pytest.mark.parametrize(
        "stats",
        [
            page(responses_personal=1),
            page(hits=10),
            page(stale=10),
            page(executions=10, hits=9),
            page(ms=1),
            page(queries=0),
            page(status="302"),
            page("POST /menu/"),
            page("GET (unmatched)"),
            page("GET /admin/shop/tag/"),
            page("GET /^media/(?P<path>.*)$", view="django.views.static.serve"),
            replace(MENU_PAGE, counters={}),
        ],
        ids=["a visitor's own", "seldom repeated", "outdated", "few", "cheap", "without queries",
             "a redirect", "a POST", "no route", "admin", "files", "not measured"],
    )  # fmt: skip
    def test_on_pages_that_no_cache_helps(self, stats):
        assert not found(stats, asked(scopes=(stats.scope,)))

    @pytest.mark.parametrize(
        "sql",
        [
            OWN,
            'SELECT "auth_user"."id" FROM "auth_user" WHERE "auth_user"."id" = %s',
            'SELECT "s"."session_data" FROM "django_session" "s"',
        ],
    )
    def test_on_pages_that_ask_who_it_is(self, sql):
        assert not found(MENU_PAGE, asked(sql, scopes=(SCOPE,)))

    def test_on_a_user_model_of_the_projects_own(self):
        fields = (FieldFacts(name="by", column="by_id", kind="ForeignKey", to="people.Person"),)
        facts = Facts(
            settings={"AUTH_USER_MODEL": "people.Person"},
            models=(
                ModelFacts(label="people.Person", table="persons"),
                ModelFacts(label="shop.Order", table="orders", fields=fields),
            ),
        )
        for sql in (
            'SELECT 1 FROM "persons"',
            'SELECT 1 FROM "orders" WHERE "orders"."by_id" = %s',
        ):
            assert not found(MENU_PAGE, asked(sql, scopes=(SCOPE,)), facts=facts)

    def test_on_a_page_that_writes(self):
        write = asked('UPDATE "shop_tag" SET "n" = %s', verb="UPDATE", scopes=(SCOPE,))
        assert not found(MENU_PAGE, (*TAGS, *write))

    @pytest.mark.parametrize("kind", ["cache", "module-state"])
    def test_on_a_page_that_keeps_something_already(self, kind):
        assert not found(MENU_PAGE, calls=[called(kind, "default", "get", scope=SCOPE)])

    def test_on_what_tests_asked(self):
        assert not found(MENU_PAGE, asked(scopes=(SCOPE,), tests=("tests/test_menu.py::test",)))

    def test_on_a_page_that_takes_next_to_nothing_of_the_whole(self):
        recording = Recording(scopes=(MENU_PAGE, page("GET /slow/", ms=5000, hits=0)), groups=TAGS)
        assert not list(cacheable_view.find(Case(recording)))


class TestRefuses:
    def test_without_a_recording(self):
        assert not list(cacheable_view.find(Case()))
