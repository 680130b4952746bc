"""Which queries a cache could answer, and which it must not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.rules.recordings import TEST, at
from tests.unit.rules.traffic import MENU, ROUTES, asked, page, reused

from nuages.cases import Case
from nuages.model import Finding, QueryGroup, Recording, ResultReuse, Scope, ScopeStats
from nuages.rules import cacheable_query

ADMIN = Scope(kind="request", name="GET /admin/shop/tag/")


def found(
    *groups: QueryGroup,
    reuse: ResultReuse | tuple[ResultReuse, ...] = (),
    extra: tuple[QueryGroup, ...] = (),
    ms: float = 50,
    keys: int = 1,
    same: float = 1,
    stale: int = 0,
) -> list[Finding]:
    """Findings, where each request took `ms`."""
    every = (*groups, *extra)
    scopes = tuple(
        ScopeStats(scope=scope, executions=40, wall_ns=int(40 * ms * 1e6))
        for scope in dict.fromkeys(group.scope for group in every)
    )
    reuse = reuse or reused(groups, keys=keys, same=same, stale=stale)
    several = reuse if isinstance(reuse, tuple) else (reuse,)
    return list(cacheable_query.find(Case(Recording(scopes=scopes, groups=every, reuse=several))))


def write(calls: int) -> tuple[QueryGroup, ...]:
    sql = 'UPDATE "shop_tag" SET "name" = %s'
    return asked(sql, verb="UPDATE", calls=calls, scopes=ROUTES[:1])


class TestFinds:
    def test_what_every_page_asks(self):
        [finding] = found(*asked())
        assert finding.message == (
            "The same SELECT on shop_tag was asked 120 times: kept for 60 s, 99 % would have been "
            "there already"
        )
        assert "shop/views.py:45 in cache.get_or_set(key, lambda: list(…), 60)" in finding.hint
        assert "no hit would have been outdated, with no write to p, shop_tag" in finding.hint
        assert finding.location == MENU
        assert finding.routes == ("GET /", "GET /a/", "GET /b/")
        assert finding.confidence == 0.5

    def test_what_it_would_save_less_what_a_cache_takes(self):
        evidence = found(*asked())[0].evidence
        assert evidence.wall_ms == pytest.approx(120 * 5 * 119 / 120 - 120 * 0.2)
        assert evidence.share == pytest.approx(evidence.wall_ms / (120 * 50))

    def test_how_much_would_be_outdated(self):
        [finding] = found(*asked(), stale=2, extra=write(3))
        assert "2 of 119 hits would have been outdated, with 3 writes" in finding.hint
        assert finding.confidence == 0.6

    def test_what_is_dear_on_one_route(self):
        [finding] = found(*asked(scopes=ROUTES[:1], ms=10))
        assert finding.routes == ("GET /",)

    def test_a_few_parameters_each_of_which_is_asked_again_and_again(self):
        [finding] = found(*asked(), keys=5)
        assert finding.evidence.figures["keys"] == 5

    def test_what_templates_of_many_pages_go_through_where_it_is_made(self):
        made, shown = at(11, "shop/context.py", "menu"), at(4, "menu.html", kind="template")
        groups = tuple(
            replace(group, location=at(9 + place, "shop/views.py", "page"), trigger=shown,
                    created_at=made)
            for place, group in enumerate(asked(calls=10))
        )  # fmt: skip
        assert not found(*groups, reuse=reused(groups[:1]))  # of one of them: too few calls
        [finding] = found(*groups, reuse=tuple(reused((group,)) for group in groups))
        assert finding.location == made
        assert finding.evidence.calls == 30
        assert finding.evidence.figures["keys"] == 1
        assert finding.routes == ("GET /", "GET /a/", "GET /b/")

    def test_one_row_that_all_pages_share(self):
        sql = 'SELECT "c"."x" FROM "shop_config" "c" WHERE "c"."id" = %s LIMIT 21'
        assert found(*asked(sql, ms=3))


class TestStaysSilent:
    @pytest.mark.parametrize(
        "sql",
        [
            'SELECT "o"."id" FROM "shop_order" "o" WHERE "o"."user_id" = %s',
            'SELECT "s"."session_data" FROM "django_session" "s" WHERE "s"."session_key" = %s',
            'SELECT "auth_user"."id" FROM "auth_user"',
            'SELECT "t"."key" FROM "authtoken_token" "t"',
            "SELECT 1",
        ],
        ids=["a visitor's own", "sessions", "users", "tokens", "no table"],
    )
    def test_on_what_belongs_to_a_visitor(self, sql):
        assert not found(*asked(sql))

    @pytest.mark.parametrize(
        "changes",
        [
            {"keys": 30},
            {"same": 0.8},
            {"stale": 60},
            {"ms": 5000},
            {"extra": write(30)},
        ],
        ids=["many parameters", "changing", "outdated", "cheap beside the rest", "written"],
    )
    def test_on_what_does_not_stay_or_does_not_matter(self, changes):
        assert not found(*asked(), **changes)

    def test_on_what_a_cache_would_not_make_faster(self):
        assert not found(*asked(ms=0.15), ms=0.2)

    def test_on_one_object_after_the_other(self):
        sql = 'SELECT "p"."x" FROM "shop_product" "p" WHERE "p"."id" = %s LIMIT 21'
        assert not found(*asked(sql), keys=5)

    def test_on_what_code_goes_through_line_by_line_though_it_is_made_in_one_place(self):
        made = at(11, "shop/managers.py", "live")
        groups = tuple(
            replace(group, location=at(9 + place, "shop/views.py", "page"), created_at=made)
            for place, group in enumerate(asked(calls=10))
        )
        assert not found(*groups, reuse=tuple(reused((group,)) for group in groups))

    def test_on_loops_which_other_rules_own(self):
        assert not found(*asked(in_one=4))

    def test_on_few_calls(self):
        assert not found(*asked(calls=6))

    def test_on_what_tests_ask(self):
        assert not found(*asked(tests=("tests/test_tags.py::test",)))
        assert not found(*asked(scopes=(TEST,)))
        assert not found(*asked(location=at(3, "tests/test_tags.py")))

    def test_on_the_admin_and_on_libraries(self):
        assert not found(*asked(scopes=(ADMIN,)))
        assert not found(*asked(location=None))
        assert not found(*asked(location=at(3, "taggit/models.py", root="")))

    def test_on_a_page_that_a_cache_would_keep_as_a_whole(self):
        groups = asked(scopes=(page().scope,))
        recording = Recording(scopes=(page(),), groups=groups, reuse=(reused(groups),))
        assert not list(cacheable_query.find(Case(recording)))


class TestRefuses:
    def test_a_light_recording_which_does_not_compare_results(self):
        groups = asked()
        assert not list(cacheable_query.find(Case(Recording(mode="light", groups=groups))))

    def test_without_a_recording(self):
        assert not list(cacheable_query.find(Case()))
