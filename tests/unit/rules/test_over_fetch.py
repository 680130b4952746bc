"""Which unread columns are worth a word, and what is written to leave them out."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.rules.loads import case, unread, use
from tests.unit.rules.recordings import (
    COMMAND,
    FEED,
    HOME,
    POSTS,
    QUERYSET_LINE,
    TEST,
    accessed,
    at,
    in_loop,
    joined,
    once,
    prefetched,
)
from tests.unit.rules.sources import code

from nuages.model import Finding, Load
from nuages.rules import over_fetch


def found(*parts, **options) -> list[Finding]:
    return list(over_fetch.find(case(*parts, **options)))


def the_only(*parts, **options) -> Finding:
    (finding,) = found(*parts, **options)
    return finding


class TestFinds:
    def test_a_huge_column_that_no_row_is_asked_for(self):
        finding = the_only(once(POSTS), use(POSTS))
        assert finding.message == (
            "Post.body is loaded and never read: 1 MB of 1 MB in one GET /api/feed/"
        )
        assert finding.hint == 'add .defer("body") to the queryset at blog/views.py:41'
        assert finding.created_at == QUERYSET_LINE
        assert (finding.remedy.kind, finding.remedy.path) == ("defer", "body")
        assert finding.routes == ("GET /api/feed/",)

    def test_what_it_costs_in_proportion_to_the_bytes(self):
        evidence = the_only(once(POSTS), use(POSTS, sizes={"title": 1_000, "body": 3_000})).evidence
        assert evidence.wall_ms == pytest.approx(0.75)
        assert evidence.figures["unread_bytes_a_row"] == 3_000
        assert evidence.figures["unread_bytes_a_request"] == 150_000

    def test_a_kilobyte_a_row_in_a_short_list(self):
        finding = the_only(once(POSTS, 3), use(POSTS, 3, sizes={"title": 20, "body": 1_000}))
        assert "3 kB of 3 kB" in finding.message

    def test_much_in_a_request_though_little_in_a_row(self):
        assert the_only(once(POSTS, 120), use(POSTS, sizes={"title": 20, "body": 600}))
        assert the_only(once(POSTS, 9_000), use(POSTS, sizes={"title": 20, "body": 150}))

    def test_several_heavy_columns_with_the_heaviest_first(self):
        sizes = {"title": 20, "body": 900, "notes": 2_000, "flag": 4}
        finding = the_only(once(POSTS), use(POSTS, sizes=sizes))
        assert finding.message.startswith("notes and body of Post are loaded and never read")
        assert '.defer("notes", "body")' in finding.hint

    def test_many_small_columns_are_left_out_by_what_is_read(self):
        sizes = {"title": 20, **{f"note_{n}": 60 for n in range(30)}}
        finding = the_only(once(POSTS), use(POSTS, sizes=sizes))
        assert finding.message.startswith("30 of 31 fields of Post")
        assert finding.hint == 'add .only("title") to the queryset at blog/views.py:41'
        assert (finding.remedy.kind, finding.remedy.path) == ("only", "title")

    def test_a_column_of_what_is_joined(self):
        author = joined(POSTS, "author")
        posts = use(POSTS, sizes={"title": 20})
        finding = the_only(once(POSTS), posts, use(author, sizes={"title": 5, "biography": 4_000}))
        assert finding.hint == 'add .defer("author__biography") to the queryset at blog/views.py:41'
        assert finding.remedy.path == "author__biography"

    def test_a_column_of_what_is_prefetched_by_name(self):
        comments = prefetched(POSTS, "comments")
        finding = the_only(once(POSTS), once(comments, 99), use(comments))
        assert 'Prefetch("comments", queryset=Comment.objects.defer("body"))' in finding.hint
        assert finding.remedy.path == "comments__body"
        assert finding.created_at == QUERYSET_LINE

    def test_a_column_of_a_prefetch_with_its_own_queryset(self):
        comments = prefetched(POSTS, "comments", created_at=at(38))
        finding = the_only(once(POSTS), once(comments, 99), use(comments))
        assert finding.hint == 'add .defer("body") to the queryset at blog/views.py:38'

    def test_a_column_of_what_a_generic_foreign_key_prefetched(self):
        target = prefetched(POSTS, "target", "gfk", "shop.Order")
        finding = the_only(once(POSTS), once(target, 99), use(target))
        assert 'GenericPrefetch("target", [Order.objects.defer("body"), …])' in finding.hint

    def test_one_queryset_on_all_its_routes(self):
        finding = the_only(once(POSTS), once(POSTS, scope=HOME), use(POSTS))
        assert finding.routes == ("GET /", "GET /api/feed/")

    def test_a_command(self):
        assert the_only(once(POSTS, scope=COMMAND), use(POSTS)).routes == ("manage.py digest",)

    def test_the_querysets_of_classes_and_tests_with_less_confidence(self):
        shared = Load(model="blog.Post", created_at=at(9, function="PostList", kind="class"))
        body = Load(model="blog.Post", created_at=at(10, function="PostList"))
        plain, of_class, in_class, tested = (
            the_only(once(load, scope=scope), use(load)).confidence
            for load, scope in ((POSTS, FEED), (shared, FEED), (body, FEED), (POSTS, TEST))
        )
        assert of_class < in_class < plain
        assert tested < plain


class TestStaysSilent:
    def test_on_what_is_read_once(self):
        assert not found(once(POSTS), use(POSTS, reads={"title": 50, "body": 1}))

    def test_on_rows_written_back(self):
        assert not found(once(POSTS), use(POSTS, asked={"(save)": 1}))

    def test_on_rows_that_nobody_used(self):
        assert not found(once(POSTS), unread(POSTS))

    def test_on_rows_whose_number_was_asked(self):
        assert not found(once(POSTS), unread(POSTS, asked={"(counted)": 1}))

    def test_on_too_few_rows(self):
        assert not found(once(POSTS, 2), use(POSTS, 2))

    def test_on_single_rows(self):
        assert not found(once(POSTS, 1), use(POSTS, 9, sizes={"title": 20, "body": 9_000}))

    def test_on_narrow_rows(self):
        assert not found(once(POSTS), use(POSTS, sizes={"title": 20, "body": 900}))

    def test_on_many_narrow_rows(self):
        assert not found(once(POSTS, 500), use(POSTS, sizes={"title": 20, "body": 300}))

    def test_on_the_choices_of_a_form(self):
        field = at(9, "django/forms/field.html", "", "template", root="")
        assert not found(replace(once(POSTS), trigger=field), use(POSTS))

    def test_on_a_small_part_of_what_is_loaded(self):
        assert not found(once(POSTS), use(POSTS, sizes={"title": 9_000, "body": 2_000}))

    def test_on_rows_through_a_foreign_key(self):
        author = accessed(POSTS, "author", "fk")
        assert not found(once(POSTS), in_loop(author), use(author))

    def test_on_loops(self):
        comments = accessed(POSTS, "comments", "reverse_fk")
        assert not found(in_loop(comments, shape="all", rows_max=5), use(comments))

    def test_on_sql_of_the_projects_own(self):
        assert not found(once(POSTS, shape="raw"), use(POSTS))

    def test_on_requests_that_failed(self):
        assert not found(once(POSTS), use(POSTS), statuses={"500": 1, "302": 2})

    def test_on_tests_own_querysets(self):
        own = Load(model="blog.Post", created_at=at(9, "tests/test_posts.py"))
        assert not found(once(own, scope=TEST), use(own))

    def test_on_migrations(self):
        own = Load(model="blog.Post", created_at=at(9, "blog/migrations/0002_fill.py"))
        assert not found(once(own, scope=COMMAND), use(own))

    def test_on_libraries(self):
        foreign = Load(model="blog.Post", created_at=at(9, "lib/views.py", root=""))
        assert not found(once(foreign), use(foreign))

    def test_where_the_code_reads_past_the_fields(self, tmp_path):
        lines = "\n" * 39 + "def feed():\n    return [vars(post) for post in Post.objects.all()]\n"
        assert not found(once(POSTS), use(POSTS), code=code(tmp_path, blog__views=lines))


class TestRefuses:
    def test_where_the_queryset_was_not_seen_being_created(self):
        unknown = replace(POSTS, created_at=None)
        assert not found(once(unknown), use(unknown))

    def test_without_uses_as_in_light_recordings(self):
        assert not found(once(POSTS))

    def test_to_edit(self):
        assert the_only(once(POSTS), use(POSTS)).fix.status == "none"
