"""Which results grow with their table, and which are bounded or streamed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.rules.loads import case, unread, use
from tests.unit.rules.recordings import (
    COMMAND,
    FEED,
    HOME,
    POSTS,
    TEST,
    at,
    in_loop,
    joined,
    once,
    prefetched,
)
from tests.unit.rules.recordings import recorded as recording
from tests.unit.rules.sources import code

from nuages.cases import Case
from nuages.growth import compare
from nuages.model import Catalog, Facts, Finding, Load, Scope, ScopeStats, Statement, Table
from nuages.rules import unbounded_result

PROCESS = Scope(kind="process", name="process")


def found(*parts, **options) -> list[Finding]:
    return list(unbounded_result.find(case(*parts, **options)))


def the_only(*parts, **options) -> Finding:
    (finding,) = found(*parts, **options)
    return finding


def saying(sql, rows=5_000, **options):
    return replace(once(POSTS, rows, **options), statement=Statement(sql=sql, verb="SELECT"))


PLAIN = 'SELECT "blog_post"."id" FROM "blog_post" WHERE "blog_post"."live"'


class TestFinds:
    def test_many_rows_in_a_request(self):
        finding = the_only(saying(PLAIN))
        assert finding.message == "5,000 rows of blog_post in one GET /api/feed/, without a LIMIT"
        assert "slice or paginate the queryset at blog/views.py:41" in finding.hint
        assert finding.remedy.kind == "paginate"

    @pytest.mark.parametrize("shape", ["all", "filtered", "ordered", "values", "raw"])
    def test_whatever_the_rows_are_made_into(self, shape, tmp_path):
        known = code(tmp_path, blog__views="def feed():\n" + "    pass\n" * 50)
        assert the_only(saying(PLAIN, shape=shape), code=known)

    def test_many_more_in_a_command(self):
        finding = the_only(saying(PLAIN, 10_000, scope=COMMAND))
        assert finding.remedy.kind == "iterator"
        assert ".iterator(chunk_size=2000) at blog/views.py:41" in finding.hint

    def test_a_list_of_a_class(self):
        load = Load(model="blog.Post", created_at=at(9, "blog/api.py", "PostList", "class"))
        finding = the_only(once(load, 5_000))
        assert "paginate PostList (blog/api.py:9): pagination_class" in finding.hint

    def test_the_choices_of_a_form_though_they_come_by_iterator(self):
        line = at(9, "django/forms/field.html", "", "template", root="")
        group = replace(saying(PLAIN), trigger=line)
        finding = the_only(group, use(POSTS, asked={"(streamed)": 1}))
        assert "autocomplete_fields" in finding.hint

    def test_two_lists_of_choices_in_one_form(self):
        line = at(9, "django/forms/field.html", "", "template", root="")
        group = replace(saying(PLAIN, 600), trigger=line, calls=2, rows=1_200)
        assert the_only(group).message.startswith("1,200 rows of blog_post")

    def test_instances_with_a_sum_each(self):
        sql = 'SELECT "blog_tag"."id", COUNT(*) FROM "blog_tag" GROUP BY "blog_tag"."id"'
        assert the_only(saying(sql, shape="other"))

    def test_a_filter_of_the_admin(self):
        load = Load(model="blog.Post", created_at=at(9, "blog/admin.py", "PostAdmin", "class"))
        admin = case(once(load, 5_000))
        view = "django.contrib.admin.options.changelist_view"
        stats = tuple(replace(each, view=view) for each in admin.recording.scopes)
        recording = replace(admin.recording, scopes=stats)
        (finding,) = unbounded_result.find(Case(recording))
        assert "list_filter of PostAdmin" in finding.hint

    def test_one_queryset_on_all_its_routes(self):
        finding = the_only(saying(PLAIN), saying(PLAIN, scope=HOME))
        assert finding.routes == ("GET /", "GET /api/feed/")

    def test_the_table_and_the_memory_beside_it(self):
        tables = {"blog_post": Table(name="blog_post", rows=90_000)}
        known = Facts(catalogs={"default": Catalog(vendor="postgresql", tables=tables)})
        counters = {"memory_executions": 2, "memory_grown_bytes": 3_000_000}
        base = case(saying(PLAIN))
        stats = ScopeStats(scope=FEED, executions=2, statuses={"200": 2}, counters=counters)
        (finding,) = unbounded_result.find(Case(replace(base.recording, scopes=(stats,)), known))
        assert finding.evidence.figures == {
            "rows_of_one_query": 5_000,
            "rows_of_the_table": 90_000,
            "memory_left_bytes": 1_500_000,
        }

    def test_bare_lists_of_rest_framework_before_anything_ran(self, tmp_path):
        text = "from rest_framework.viewsets import ModelViewSet\n" + "".join(
            f"class {name}(ModelViewSet):\n    queryset = Post.objects.all()\n" for name in "ABCDE"
        )
        facts = Facts(
            settings={"REST_FRAMEWORK": {}}, apps={"rest_framework": "rest_framework"}
        )  # fmt: skip
        known = code(tmp_path, api=text)
        (finding,) = unbounded_result.find(Case(facts=facts, code=known))
        assert finding.message.startswith("A, B, C and 2 more answer with whole tables")
        assert finding.remedy.path == "REST_FRAMEWORK"
        assert finding.confidence == 0.5
        assert not found(once(POSTS), code=known, facts=facts)  # now rows can tell


class TestStaysSilent:
    @pytest.mark.parametrize(
        "sql",
        [
            f"{PLAIN} LIMIT 5000",
            f"{PLAIN} ORDER BY id OFFSET 0 ROWS FETCH FIRST 5000 ROWS ONLY",
            'SELECT "blog_post"."id" FROM "blog_post" WHERE "blog_post"."id" IN (%s)',
            'SELECT * FROM "blog_post" WHERE "blog_post"."id" IN (SELECT U0."id" FROM x LIMIT 9)',
            'SELECT "django_content_type"."id" FROM "django_content_type"',
        ],
    )
    def test_on_what_is_bounded_summed_up_or_kept(self, sql):
        assert not found(saying(sql))

    def test_on_values_that_are_summed_up(self, tmp_path):
        sql = 'SELECT "blog_post"."day", COUNT(*) FROM "blog_post" GROUP BY "blog_post"."day"'
        known = code(tmp_path, blog__views="def feed():\n" + "    pass\n" * 50)
        assert not found(saying(sql, shape="values"), code=known)

    @pytest.mark.parametrize("shape", ["sliced", "get", "count", "exists", "aggregate", "write"])
    def test_on_shapes_that_bound_themselves(self, shape):
        assert not found(saying(PLAIN, shape=shape))

    def test_on_short_results(self):
        assert not found(saying(PLAIN, 999))
        assert not found(saying(PLAIN, 9_999, scope=COMMAND))

    def test_on_rows_that_are_streamed(self):
        assert not found(saying(PLAIN), use(POSTS, asked={"(streamed)": 1}))

    def test_on_values_that_the_code_streams(self, tmp_path):
        text = "def feed():\n" + "    pass\n" * 39 + "    rows = Post.objects.values().iterator()\n"
        known = code(tmp_path, blog__views=text)
        assert not found(saying(PLAIN, shape="values"), code=known)

    def test_on_prefetches_and_joins(self):
        comments = prefetched(POSTS, "comments", created_at=at(38))
        assert not found(once(comments, 5_000))
        assert not found(once(joined(POSTS, "author"), 5_000))

    def test_on_rows_that_are_only_counted(self):
        assert not found(saying(PLAIN), unread(POSTS, 5_000, asked={"(counted)": 1}))

    def test_on_loops(self):
        assert not found(in_loop(POSTS, shape="all", rows_max=5_000, sql=PLAIN))

    def test_on_tests_libraries_and_the_process(self):
        assert not found(saying(PLAIN, scope=TEST))
        assert not found(saying(PLAIN, scope=PROCESS))
        foreign = Load(model="blog.Post", created_at=at(9, "lib/x.py", root=""))
        assert not found(once(foreign, 5_000))

    def test_on_set_up(self):
        migrate = Scope(kind="command", name="manage.py migrate")
        assert not found(saying(PLAIN, 50_000, scope=migrate))


class TestRefuses:
    def test_values_whose_code_is_not_known(self):
        assert not found(saying(PLAIN, shape="values"))

    def test_to_edit(self):
        assert the_only(saying(PLAIN)).fix.status == "none"


class TestGrowth:
    """What the same request was given on five times the data."""

    def grown(self, before: int, after: int, sql: str = PLAIN, **options) -> list[Finding]:
        small, large = (recording(saying(sql, rows, **options)) for rows in (before, after))
        growth = compare(small, large, rows=300, grown_rows=1_500)
        return list(unbounded_result.find(Case(small, growth=growth)))

    def test_fewer_rows_will_do_where_they_grew_with_the_table(self):
        (finding,) = self.grown(150, 750)
        assert finding.message == (
            "150 rows of blog_post in one GET /api/feed/, without a LIMIT: "
            "750 where there is 5 times the data"
        )
        assert finding.evidence.figures["rows_at_300_rows"] == 150
        assert finding.evidence.figures["rows_at_1500_rows"] == 750
        assert finding.confidence == 0.65

    def test_of_many_rows_it_is_as_sure_as_ever(self):
        (finding,) = self.grown(5_000, 25_000)
        assert finding.confidence == the_only(saying(PLAIN)).confidence
        assert finding.message == the_only(saying(PLAIN)).message

    @pytest.mark.parametrize(("before", "after"), [(150, 150), (150, 599), (400, 600)])
    def test_silent_where_they_did_not_grow_with_it(self, before, after):
        assert self.grown(before, after) == []

    def test_silent_on_what_stays_short(self):
        assert self.grown(42, 210) == []

    def test_silent_on_choices_of_the_admin_that_stay_short(self):
        small, large = (recording(saying(PLAIN, rows)) for rows in (150, 750))
        growth = compare(small, large, rows=300, grown_rows=1_500)
        stats = ScopeStats(scope=FEED, executions=1, view="django.contrib.admin.options.add_view")
        made = Case(replace(small, scopes=(stats,)), growth=growth)
        assert list(unbounded_result.find(made)) == []

    def test_silent_under_a_limit(self):
        assert self.grown(150, 750, f"{PLAIN} LIMIT 1000") == []

    def test_silent_in_a_test(self):
        assert self.grown(150, 750, scope=TEST) == []
