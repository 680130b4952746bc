"""Which pages are reached by reading all those before."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.rules.loads import case
from tests.unit.rules.recordings import COMMAND, FEED, POSTS, TEST, at, once
from tests.unit.rules.sources import code

from nuages.cases import Case
from nuages.model import Catalog, Facts, Finding, Load, Scope, Statement, Table
from nuages.rules import deep_offset

ALL = 'SELECT "blog_post"."id" FROM "blog_post" ORDER BY "blog_post"."id" ASC'
COUNT = 'SELECT COUNT(*) AS "__count" FROM "blog_post"'
LONG = Facts(
    catalogs={
        "default": Catalog(
            vendor="postgresql", tables={"blog_post": Table(name="blog_post", rows=400_000)}
        )
    }
)
MS = 1_000_000
PAGES = Load(model="blog.Post", created_at=at(9, "blog/api.py", "PostList", "class"))


def page(offset: int, ms: float = 1, *, load=POSTS, limit: int = 20, scope: Scope = FEED):
    bounds = f" LIMIT {limit}" + (f" OFFSET {offset}" if offset else "")
    return replace(
        once(load, limit, scope=scope, shape="sliced"),
        statement=Statement(sql=ALL + bounds, verb="SELECT"),
        wall_ns=int(ms * MS),
    )


def count(sql: str = COUNT, ms: float = 8, *, scope: Scope = FEED):
    return replace(
        once(POSTS, 1, scope=scope, shape="count"),
        statement=Statement(sql=sql, verb="SELECT"),
        wall_ns=int(ms * MS),
    )


def found(*groups, **options) -> list[Finding]:
    return list(deep_offset.find(case(*groups, **options)))


def the_only(*groups, **options) -> Finding:
    (finding,) = found(*groups, **options)
    return finding


class TestFinds:
    def test_a_page_far_into_a_table(self):
        finding = the_only(page(0, 1), page(40, 1), page(48_000, 31), count())
        assert finding.message == (
            "OFFSET 48,000 in one GET /api/feed/: so many rows of blog_post are read and thrown "
            "away"
        )
        assert ".filter(pk__lt=last_seen).order_by('-pk')[:n]" in finding.hint
        assert "without the COUNT(*) of 8.0 ms a page" in finding.hint
        assert finding.evidence.wall_ms == 31  # of the deep pages
        assert finding.evidence.figures == {
            "rows_skipped": 48_000,
            "deepest_page_ms": 31.0,
            "first_page_ms": 1.0,
            "count_ms_a_page": 8.0,
        }

    def test_slices_that_a_command_goes_through(self):
        finding = the_only(page(0, limit=5_000, scope=COMMAND), page(10_000, scope=COMMAND))
        assert finding.remedy.kind == "iterator"
        assert ".iterator(chunk_size=2000)" in finding.hint

    def test_sql_of_other_databases(self):
        sql = f"{ALL} OFFSET 20000 ROWS FETCH FIRST 20 ROWS ONLY"
        assert the_only(replace(page(0), statement=Statement(sql=sql, verb="SELECT")))

    def test_a_list_of_a_class(self):
        finding = the_only(page(20_000, load=PAGES))
        assert "CursorPagination" in finding.hint

    def test_a_list_through_a_long_table_that_nobody_went_deep_into(self):
        finding = the_only(page(0, load=PAGES), count(), facts=LONG)
        assert finding.message == (
            "GET /api/feed/ pages by OFFSET through blog_post, which has 400,000 rows: its last "
            "page reads all before"
        )
        assert finding.confidence < the_only(page(20_000)).confidence

    def test_a_list_of_most_rows(self):
        sql = 'SELECT "blog_post"."id" FROM "blog_post" WHERE NOT "blog_post"."is_hidden" LIMIT 20'
        most = replace(page(0, load=PAGES), statement=Statement(sql=sql, verb="SELECT"))
        assert the_only(most, count(), facts=LONG)

    def test_a_second_page_and_a_paginator_in_the_code_as_signs_of_paging(self, tmp_path):
        assert the_only(page(20), count(), facts=LONG)
        text = "def feed():\n" + "    pass\n" * 39 + "    page = Paginator(posts, 20).page(1)\n"
        assert the_only(page(0), count(), facts=LONG, code=code(tmp_path, blog__views=text))

    def test_slices_whose_begin_the_client_gives(self, tmp_path):
        text = "def feed():\n" + "    pass\n" * 39 + "    rows = posts[offset : offset + 20]\n"
        assert the_only(page(0), facts=LONG, code=code(tmp_path, blog__views=text))

    def test_a_page_of_the_admin_that_somebody_went_to(self):
        admin = case(page(20_000, load=PAGES))
        view = "django.contrib.admin.options.changelist_view"
        stats = tuple(replace(each, view=view) for each in admin.recording.scopes)
        (finding,) = deep_offset.find(Case(replace(admin.recording, scopes=stats)))
        assert "show_full_result_count = False" in finding.hint


class TestStaysSilent:
    def test_on_first_pages(self):
        assert not found(page(0), page(20), page(9_980), count())

    def test_on_a_page_that_is_not_there(self):
        assert not found(page(0), replace(page(48_000), rows=0, rows_max=0))

    def test_on_counting_what_is_on_a_page(self):
        far = f"SELECT COUNT(*) FROM ({ALL} LIMIT 20 OFFSET 49990) subquery"
        assert not found(page(0), count(far), count(far, scope=TEST))

    def test_on_the_latest_few_beside_their_number(self):
        assert not found(page(0, limit=5), count(), facts=LONG)

    @pytest.mark.parametrize(
        "condition",
        [
            '"blog_post"."author_id" = %s',
            '"blog_post"."title" LIKE %s',
            '"blog_post"."id" IN (SELECT U0."post_id" FROM "likes" U0)',
        ],
    )
    def test_on_lists_of_a_part_of_a_long_table(self, condition):
        sql = f'SELECT "blog_post"."id" FROM "blog_post" WHERE {condition} LIMIT 20 OFFSET 40'
        part = replace(page(0), statement=Statement(sql=sql, verb="SELECT"))
        assert not found(part, count(f"{COUNT} WHERE {condition}"), facts=LONG)

    def test_on_lists_that_count_nothing(self):
        assert not found(page(0, load=PAGES), facts=LONG)

    def test_on_the_count_of_another_request(self):
        other = Scope(kind="request", name="GET /other/")
        assert not found(page(0, load=PAGES), count(scope=other), facts=LONG)

    def test_on_lists_of_the_admin(self):
        admin = case(page(20, load=PAGES), count())
        view = "django.contrib.admin.options.changelist_view"
        stats = tuple(replace(each, view=view) for each in admin.recording.scopes)
        assert not list(deep_offset.find(Case(replace(admin.recording, scopes=stats), LONG)))

    def test_on_single_rows_and_whole_tables(self):
        assert not found(page(20_000, limit=1))
        whole = replace(page(0), statement=Statement(sql=ALL, verb="SELECT"))
        assert not found(whole, count(), facts=LONG)

    @pytest.mark.parametrize(
        "place", [at(9, "tests/test_a.py"), at(9, "b/migrations/0002_a.py"), at(9, root="")]
    )
    def test_on_tests_migrations_and_libraries(self, place):
        load = Load(model="blog.Post", created_at=place)
        assert not found(page(20_000, load=load, scope=TEST))


class TestRefuses:
    def test_to_guess_how_long_a_table_is(self):
        assert not found(page(20, load=PAGES), count())

    def test_sql_whose_numbers_are_not_kept(self):
        sql = f"{ALL} LIMIT %s OFFSET %s"
        assert not found(replace(page(0), statement=Statement(sql=sql, verb="SELECT")))

    def test_to_edit(self):
        assert the_only(page(20_000)).fix.status == "none"
