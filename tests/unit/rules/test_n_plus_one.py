"""Which repetitions are an N+1, what is blamed for them, and what would remove them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.rules.recordings import (
    COMMAND,
    FEED,
    HOME,
    LOOP_LINE,
    POSTS,
    QUERYSET_LINE,
    TEST,
    accessed,
    at,
    in_loop,
    joined,
    once,
    prefetched,
    recorded,
)

from nuages.cases import Case
from nuages.growth import compare
from nuages.model import Facts, Finding, Load, ModelFacts, QueryGroup
from nuages.rules import n_plus_one


def found(*groups: QueryGroup) -> list[Finding]:
    return list(n_plus_one.find(Case(recorded(*groups))))


def the_only(*groups: QueryGroup) -> Finding:
    (finding,) = found(*groups)
    return finding


AUTHOR = accessed(POSTS, "author", "fk")
TAGS = accessed(POSTS, "tags", "m2m", "blog.Tag")
COMMENTS = accessed(POSTS, "comments", "reverse_fk", "blog.Comment")


class TestFinds:
    def test_a_foreign_key_fetched_for_each_row(self):
        finding = the_only(once(POSTS), in_loop(AUTHOR))
        assert finding.message == (
            "Post.author is fetched one row at a time: 50 queries in one GET /api/feed/"
        )
        assert finding.hint == ('add .select_related("author") to the queryset at blog/views.py:41')
        assert finding.location == LOOP_LINE
        assert finding.created_at == QUERYSET_LINE
        assert finding.routes == ("GET /api/feed/",)
        assert finding.confidence > 0.9

    def test_its_share_of_all_the_time(self):
        evidence = the_only(once(POSTS), in_loop(AUTHOR, 9, ms=1)).evidence
        assert (evidence.calls, evidence.per_request_max, evidence.requests) == (9, 9, 1)
        assert evidence.wall_ms == 9
        assert evidence.share == pytest.approx(0.9)

    @pytest.mark.parametrize(
        ("load", "shape", "kind", "path"),
        [
            (AUTHOR, "get", "select_related", "author"),
            (accessed(POSTS, "cover", "o2o"), "get", "select_related", "cover"),
            (accessed(POSTS, "stats", "reverse_o2o"), "get", "select_related", "stats"),
            (TAGS, "all", "prefetch_related", "tags"),
            (COMMENTS, "all", "prefetch_related", "comments"),
            (accessed(POSTS, "target", "gfk"), "get", "prefetch_related", "target"),
            (accessed(POSTS, "likes", "generic_relation"), "all", "prefetch_related", "likes"),
        ],
    )
    def test_the_remedy_of_each_kind_of_relation(self, load, shape, kind, path):
        finding = the_only(once(POSTS), in_loop(load, shape=shape))
        assert (finding.remedy.kind, finding.remedy.path) == (kind, path)
        assert finding.fix.reason == ""

    def test_the_whole_path_when_one_lazy_row_leads_to_the_next(self):
        profile = accessed(AUTHOR, "profile", "reverse_o2o", "accounts.Profile")
        author, whole = sorted(
            found(once(POSTS), in_loop(AUTHOR), in_loop(profile)), key=lambda f: f.message
        )
        assert author.remedy.path == "author"
        assert whole.message.startswith("User.profile is fetched one row at a time")
        assert (whole.remedy.kind, whole.remedy.path) == ("select_related", "author__profile")
        assert whole.created_at == QUERYSET_LINE

    def test_the_rest_of_a_path_that_is_joined_in_part(self):
        profile = accessed(joined(POSTS, "author"), "profile", "o2o", "accounts.Profile")
        finding = the_only(once(POSTS), in_loop(profile))
        assert (finding.remedy.kind, finding.remedy.path) == ("select_related", "author__profile")

    def test_a_path_through_many_rows_needs_a_prefetch(self):
        comments = prefetched(POSTS, "comments")
        finding = the_only(once(POSTS), in_loop(accessed(comments, "author", "fk")))
        assert finding.remedy.kind == "prefetch_related"
        assert finding.remedy.path == "comments__author"

    def test_both_loops_when_one_is_inside_the_other(self):
        commenter = accessed(COMMENTS, "author", "fk")
        paths = {
            finding.remedy.path
            for finding in found(
                once(POSTS),
                in_loop(COMMENTS, shape="all", rows_max=5),
                in_loop(commenter, 250),
            )
        }
        assert paths == {"comments", "comments__author"}

    def test_rows_that_share_the_object_whose_relation_each_asks_for(self):
        author = joined(POSTS, "author")
        badges = accessed(author, "badges", "m2m", "accounts.Badge")
        finding = the_only(once(POSTS), in_loop(badges, shape="all", distinct=1))
        assert finding.remedy.path == "author__badges"

    def test_what_was_picked_from_a_relation_is_the_root_of_what_hangs_on_it(self):
        picked = accessed(POSTS, "comments", "reverse_fk", "blog.Comment", created_at=at(47))
        writer = accessed(picked, "writer", "fk")
        findings = found(
            once(POSTS), in_loop(picked, shape="get", location=at(47)), in_loop(writer)
        )
        assert {finding.remedy.path for finding in findings} == {"comments", "writer"}

    def test_related_rows_of_one_object_are_a_queryset_of_their_own(self):
        user = Load(model="accounts.User", created_at=None)
        posts = accessed(user, "posts", "reverse_fk", "blog.Post", created_at=at(20))
        finding = the_only(once(user, 1), once(posts, 30), in_loop(accessed(posts, "blog", "fk")))
        assert (finding.remedy.path, finding.created_at) == ("blog", at(20))

    def test_a_filtered_queryset_in_the_loop_is_the_root_of_what_hangs_on_it(self):
        recent = accessed(POSTS, "comments", "reverse_fk", "blog.Comment", created_at=at(51))
        findings = found(
            once(POSTS),
            in_loop(recent, shape="filtered", location=at(51), rows_max=3),
            in_loop(accessed(recent, "author", "fk"), 150),
        )
        author = next(f for f in findings if f.remedy.path == "author")
        assert author.created_at == at(51)
        assert author.remedy.kind == "select_related"

    def test_related_rows_that_a_template_asks_for_hang_on_their_object(self):
        line = at(3, "blog/templates/post.html", "", "template")
        comments = accessed(POSTS, "comments", "reverse_fk", "blog.Comment", created_at=at(44))
        finding = the_only(
            once(POSTS, 1),
            replace(once(comments, 12), trigger=line),
            in_loop(accessed(comments, "author", "fk"), 12, trigger=line),
        )
        assert finding.created_at == QUERYSET_LINE
        assert finding.remedy.kind == "prefetch_related"
        assert finding.remedy.path == "comments__author"

    def test_one_queryset_and_path_is_one_finding_wherever_it_shows(self):
        finding = the_only(
            once(POSTS),
            in_loop(AUTHOR, 10, location=at(50), ms=1),
            in_loop(AUTHOR, 20, location=at(7, "blog/serializers.py"), scope=HOME, ms=2),
        )
        assert finding.routes == ("GET /", "GET /api/feed/")
        assert finding.location == at(7, "blog/serializers.py")
        assert finding.evidence.calls == 30
        assert "20 queries in one GET /" in finding.message

    def test_the_template_line_as_its_trigger(self):
        line = at(12, "blog/templates/feed.html", "", "template")
        assert the_only(once(POSTS), in_loop(AUTHOR, trigger=line)).trigger == line

    def test_a_loop_in_a_command(self):
        finding = the_only(once(POSTS, scope=COMMAND), in_loop(AUTHOR, scope=COMMAND))
        assert "50 queries in one manage.py digest" in finding.message

    def test_product_code_that_a_test_calls_directly(self):
        finding = the_only(once(POSTS, scope=TEST), in_loop(AUTHOR, scope=TEST))
        assert finding.tests == ("tests/test_digest.py::test_digest",)
        assert finding.routes == ()
        assert finding.confidence < 0.9

    def test_the_tests_that_reach_it(self):
        finding = the_only(once(POSTS), in_loop(AUTHOR, tests=("a::b", "a::a")))
        assert finding.tests == ("a::a", "a::b")

    def test_the_whole_path_from_an_unknown_queryset(self):
        shift = accessed(None, "shift", "fk", "work.Shift", created_at=at(50))
        event = accessed(shift, "event", "fk", "work.Event", created_at=at(60))
        first, second = found(in_loop(shift), in_loop(event, location=at(60)))
        assert (first.remedy.path, second.remedy.path) == ("shift", "shift__event")
        assert first.created_at is second.created_at is None

    def test_what_only_some_of_the_rows_have(self):
        finding = the_only(once(POSTS), in_loop(accessed(POSTS, "user", "fk", on="blog.Guest")))
        assert finding.created_at == QUERYSET_LINE
        assert "isinstance(row, Guest)" in finding.hint
        assert finding.fix.reason == "only some of the rows are Guest, and the others have no user"

    def test_what_lies_beyond_a_generic_foreign_key(self):
        target = accessed(POSTS, "target", "gfk", "shop.Order")
        customer = accessed(target, "customer", "fk", created_at=at(60))
        groups = once(POSTS), in_loop(target), in_loop(customer, location=at(60))
        beyond = next(f for f in found(*groups) if f.remedy.path == "customer")
        assert (
            beyond.fix.reason == "only some of the rows are Order, and the others have no customer"
        )

    def test_a_queryset_that_the_admin_takes_from_a_manager(self):
        manager = at(9, "blog/models.py", "PostManager.get_queryset")
        posts = Load(model="blog.Post", created_at=manager)
        page = at(69, "admin/change_list.html", "", kind="template", root="")
        finding = the_only(once(posts), in_loop(accessed(posts, "author", "fk"), trigger=page))
        assert finding.hint == 'set list_select_related = ["author"] on the ModelAdmin of this list'
        assert finding.fix.reason == "every query through this manager would fetch it"

    def test_a_list_of_the_projects_own_admin(self):
        posts = Load(model="blog.Post", created_at=at(9, "blog/admin.py", "PostAdmin", "class"))
        page = at(69, "admin/change_list.html", "", kind="template", root="")
        finding = the_only(once(posts), in_loop(accessed(posts, "author", "fk"), trigger=page))
        assert finding.hint == 'set list_select_related = ["author"] on the ModelAdmin of this list'

    @pytest.mark.parametrize(
        ("template", "words"),
        [
            ("admin/includes/fieldset.html", "autocomplete_fields or raw_id_fields"),
            ("admin/edit_inline/tabular.html", 'add .select_related("author") to get_queryset()'),
        ],
    )
    def test_a_page_of_the_admin(self, template, words):
        page = at(24, template, "", kind="template", root="")
        label = at(314, "blog/models.py", "Post.__str__", kind="attribute")
        finding = the_only(in_loop(accessed(None, "author", "fk"), location=label, trigger=page))
        assert words in finding.hint

    def test_an_access_on_instances_from_an_unknown_queryset(self):
        finding = the_only(in_loop(accessed(None, "author", "fk")))
        assert finding.remedy.kind == "select_related"
        assert finding.created_at is None
        assert finding.confidence < 0.8
        assert finding.fix.reason == "where the queryset was created was not seen"


class TestAdvises:
    @pytest.mark.parametrize(
        ("shape", "verb"),
        [("filtered", ".filter()"), ("ordered", ".order_by()"), ("sliced", "slice")],
    )
    def test_a_prefetch_with_a_queryset_where_the_manager_is_narrowed(self, shape, verb):
        finding = the_only(once(POSTS), in_loop(COMMENTS, shape=shape))
        assert f'Prefetch("comments", queryset=…)) with the {verb}' in finding.hint
        assert finding.fix.reason == f"the {verb} on comments has to move into a Prefetch"

    def test_that_a_prefetch_is_there_and_defeated(self):
        finding = the_only(
            once(POSTS), once(prefetched(POSTS, "comments")), in_loop(COMMENTS, shape="ordered")
        )
        assert 'the .order_by() here defeats the prefetch of "comments"' in finding.hint
        assert "is queried one row at a time, past its prefetch: 50 queries" in finding.message

    @pytest.mark.parametrize(
        ("shape", "words", "kind"),
        [
            ("count", "the condition before .count() here defeats", "annotate"),
            ("exists", "the condition before .exists() here defeats", "annotate"),
            ("get", "the .get() here defeats", "prefetch_related"),
            ("values", "pick from .all(), in Python", "prefetch_related"),
            ("all", "without .iterator()", "prefetch_related"),
        ],
    )
    def test_no_second_prefetch_where_one_is_defeated(self, shape, words, kind):
        finding = the_only(
            once(POSTS), once(prefetched(POSTS, "comments")), in_loop(COMMENTS, shape=shape)
        )
        assert words in finding.hint
        assert "add .prefetch_related" not in finding.hint
        assert finding.remedy.kind == kind
        assert finding.fix.reason

    def test_with_it_what_the_defeated_prefetch_would_have_brought_along(self):
        unused = prefetched(POSTS, "comments")
        loops = in_loop(COMMENTS, 20, shape="ordered"), in_loop(accessed(COMMENTS, "by", "fk"), 90)
        finding = the_only(once(POSTS), once(unused), once(prefetched(unused, "by", "fk")), *loops)
        assert "20 queries in one GET /api/feed/, and 90 more for their by" in finding.message
        assert (finding.remedy.path, finding.evidence.calls) == ("comments", 110)

    def test_apart_what_no_prefetch_would_have_brought(self):
        loops = in_loop(COMMENTS, 20, shape="ordered"), in_loop(accessed(COMMENTS, "by", "fk"), 90)
        findings = found(once(POSTS), once(prefetched(POSTS, "comments")), *loops)
        assert {finding.remedy.path for finding in findings} == {"comments", "by"}

    def test_that_no_prefetch_is_there_when_it_was_of_other_rows(self):
        others = Load(model="blog.Post", created_at=at(60))
        finding = the_only(
            once(POSTS),
            once(others),
            once(prefetched(others, "comments")),
            in_loop(COMMENTS, shape="ordered"),
        )
        assert "defeats" not in finding.hint

    def test_a_prefetch_for_rows_of_written_sql(self):
        finding = the_only(once(POSTS, shape="raw"), in_loop(AUTHOR))
        assert finding.hint.startswith('add .prefetch_related("author")')

    def test_one_query_for_what_is_picked_from_a_relation(self):
        finding = the_only(once(POSTS), in_loop(COMMENTS, shape="get"))
        assert finding.message.startswith("Post.comments is asked for one row at a time")
        assert finding.hint.startswith("fetch them in one query before the loop")
        assert finding.fix.reason == "the .get() on comments has to change"

    @pytest.mark.parametrize(
        ("shape", "words"),
        [("count", "is counted"), ("exists", "is looked for"), ("aggregate", "is aggregated")],
    )
    def test_an_annotation_for_what_is_counted(self, shape, words):
        finding = the_only(once(POSTS), in_loop(COMMENTS, shape=shape))
        assert words in finding.message
        assert (finding.remedy.kind, finding.remedy.path) == ("annotate", "comments")
        assert finding.fix.reason

    def test_an_annotation_by_the_name_that_queries_know(self):
        comments = accessed(POSTS, "comment_set", "reverse_fk", "blog.Comment")
        finding = the_only(once(POSTS), in_loop(comments, shape="count"))
        assert 'with Count("comment", distinct=True), and read' in finding.hint
        assert finding.remedy.path == "comment_set"

    def test_an_annotation_by_the_query_name_of_the_relation(self):
        post = ModelFacts(label="blog.Post", table="t", query_names={"comments": "remark"})
        case = Case(recorded(once(POSTS), in_loop(COMMENTS, shape="count")), Facts(models=(post,)))
        (finding,) = n_plus_one.find(case)
        assert 'Count("remark", distinct=True)' in finding.hint
        assert finding.message.startswith("Post.comments is counted one row at a time")

    def test_one_query_for_a_tree(self):
        folder = Load(model="blog.Folder", created_at=at(20))
        parent = accessed(folder, "parent", "fk", "blog.Folder", on="blog.Folder")
        above = accessed(parent, "parent", "fk", "blog.Folder", on="blog.Folder")
        finding = the_only(once(folder, 1), once(parent, 1), in_loop(above, 6))
        assert finding.message.startswith("Folder.parent is followed through a tree step by step")
        assert "a recursive WITH" in finding.hint

    def test_a_deferred_key_with_the_relation_that_is_followed_by_it(self):
        key = accessed(POSTS, "author", "deferred", "blog.Post")
        finding = the_only(once(POSTS), in_loop(AUTHOR, 9, shape="all"), in_loop(key, 9))
        assert finding.message.endswith("and 9 more for its deferred key")
        assert finding.hint.startswith('add .select_related("author") to the queryset at')
        assert 'name "author" in its .only(), or take it out of .defer()' in finding.hint
        assert finding.fix.reason == "author is deferred there"

    def test_to_name_a_deferred_field_by_its_whole_path(self):
        bio = accessed(joined(POSTS, "author"), "bio", "deferred", on="accounts.User")
        finding = the_only(once(POSTS), in_loop(bio))
        assert finding.hint.startswith('name "author__bio" in .only()')

    def test_to_name_a_deferred_field(self):
        body = accessed(POSTS, "body", "deferred", "blog.Post")
        finding = the_only(once(POSTS), in_loop(body))
        assert finding.message.startswith("Post.body is deferred, then loaded one row at a time")
        assert (finding.remedy.kind, finding.remedy.path) == ("only", "body")

    def test_in_bulk_for_a_lookup_by_key(self):
        finding = the_only(in_loop(Load(model="blog.Post", created_at=LOOP_LINE)))
        assert finding.message.startswith("Post is looked up by key one row at a time")
        assert finding.remedy.kind == "in_bulk"
        assert "Post.objects.in_bulk(keys)" in finding.hint

    def test_one_query_before_the_loop_for_anything_else(self):
        sql = 'SELECT "blog_post"."id" FROM "blog_post" WHERE "blog_post"."at" > %s ORDER BY "a"'
        finding = the_only(in_loop(None, shape="filtered", sql=sql))
        assert finding.remedy.kind == "none"
        assert finding.confidence < 0.7

    def test_on_the_newest_few_of_each(self):
        sql = (
            'SELECT "blog_post"."id" FROM "blog_post" WHERE "blog_post"."blog_id" = %s '
            'ORDER BY "blog_post"."id" DESC LIMIT 5'
        )
        assert the_only(in_loop(None, 8, sql=sql, shape="sliced", rows_max=5))

    def test_on_a_list_among_other_conditions(self):
        sql = (
            'SELECT "b"."a" FROM "b" WHERE ("b"."author_id" IN (%s, %s) AND "b"."state" = %s) '
            'ORDER BY "b"."a" LIMIT 5'
        )
        assert the_only(in_loop(None, 8, sql=sql, shape="sliced", rows_max=5))

    def test_the_class_that_declares_the_queryset(self):
        posts = Load(model="blog.Post", created_at=at(12, "blog/api.py", "PostList", "class"))
        finding = the_only(once(posts), in_loop(accessed(posts, "author", "fk")))
        assert finding.hint.endswith("to the queryset of PostList (blog/api.py:12)")


class TestStaysSilent:
    def test_on_two_rows(self):
        assert not found(once(POSTS), in_loop(AUTHOR, 2))

    def test_on_a_queryset_that_joins(self):
        assert not found(once(POSTS), once(joined(POSTS, "author")))

    @pytest.mark.parametrize("verb", ["INSERT", "UPDATE", "DELETE", "BEGIN", "SAVEPOINT", "COPY"])
    def test_on_everything_but_reads(self, verb):
        assert not found(in_loop(None, verb=verb, shape="write", sql=f"{verb} blog_post"))

    def test_on_the_batches_of_a_prefetch(self):
        assert not found(once(POSTS), in_loop(prefetched(POSTS, "comments"), 5, rows_max=100))

    def test_on_a_few_questions_of_a_library_which_may_go_over_what_is_registered_with_it(self):
        page = at(12, "admin/groups/edit.html", kind="template", root="")
        assert not found(in_loop(None, 5, location=None, trigger=page))
        assert found(in_loop(None, 20, location=None, trigger=page))
        assert found(in_loop(None, 5, location=None, trigger=replace(page, root=".")))

    @pytest.mark.parametrize("distinct", [1, 2])
    def test_on_the_same_few_questions_again_and_again(self, distinct):
        assert not found(in_loop(None, 4, distinct=distinct))

    def test_on_one_objects_relation_asked_for_repeatedly(self):
        user = Load(model="accounts.User", created_at=at(20))
        groups = accessed(user, "groups", "m2m", "auth.Group")
        assert not found(once(user, 1), in_loop(groups, shape="all", distinct=1))

    def test_on_an_object_that_is_itself_loaded_again_and_again(self):
        user = Load(model="accounts.User", created_at=at(20))
        assert not found(
            in_loop(user, 5, distinct=1),
            in_loop(accessed(user, "profile", "reverse_o2o"), 5, distinct=1),
        )

    @pytest.mark.parametrize(
        "sql",
        [
            'SELECT "blog_post"."id" FROM "blog_post" WHERE "blog_post"."id" IN (%s, %s)',
            'SELECT "b"."a" FROM "b" WHERE ("b"."live" AND "b"."id" IN (%s)) ORDER BY "b"."a"',
            'SELECT "b"."a" FROM "b" WHERE "b"."post_id" IN (%s, %s) ORDER BY "b"."a"',
            'SELECT "blog_post"."id" FROM "blog_post" ORDER BY "id" LIMIT 100 OFFSET 100',
            'SELECT "blog_post"."id" FROM "blog_post" WHERE "blog_post"."id" > %s LIMIT 1000',
        ],
    )
    def test_on_chunks(self, sql):
        assert not found(in_loop(None, 8, sql=sql, shape="sliced", rows_max=100))

    def test_on_pages_that_go_on_from_a_key(self):
        sql = (
            'SELECT "blog_post"."id" FROM "blog_post" WHERE "blog_post"."id" > %s '
            'ORDER BY "blog_post"."id" ASC LIMIT 8'
        )
        assert not found(in_loop(None, 8, sql=sql, shape="sliced", rows_max=8))

    def test_on_a_lookup_that_precedes_a_write(self):
        insert = in_loop(None, verb="INSERT", shape="write", sql="INSERT INTO blog_post")
        assert not found(in_loop(Load(model="blog.Post", created_at=LOOP_LINE)), insert)

    @pytest.mark.parametrize("table", ["django_content_type", "django_site", "django_session"])
    def test_on_tables_that_django_keeps_in_memory(self, table):
        sql = f'SELECT "{table}"."id" FROM "{table}" WHERE "{table}"."id" = %s LIMIT 21'
        assert not found(in_loop(None, 5, sql=sql))

    @pytest.mark.parametrize(
        "file", ["tests/test_digest.py", "blog/tests.py", "blog/tests/factories.py", "conftest.py"]
    )
    def test_on_the_loops_of_a_test(self, file):
        assert not found(once(POSTS, scope=TEST), in_loop(AUTHOR, scope=TEST, location=at(9, file)))

    def test_on_rows_that_a_test_loaded(self):
        posts = Load(model="blog.Post", created_at=at(9, "tests/test_digest.py"))
        assert not found(
            once(posts, scope=TEST), in_loop(accessed(posts, "author", "fk"), scope=TEST)
        )

    def test_on_rows_that_a_test_made(self):
        assert not found(in_loop(accessed(None, "author", "fk"), scope=TEST))

    def test_on_a_test_that_calls_the_product_again_and_again(self):
        lookup = Load(model="blog.Post", created_at=LOOP_LINE)
        assert not found(in_loop(lookup, 6, scope=TEST, shape="exists", distinct=6))
        one_by_one = in_loop(POSTS, 6, scope=TEST, location=QUERYSET_LINE)
        assert not found(one_by_one, in_loop(AUTHOR, 6, scope=TEST))

    def test_on_queries_of_a_test_without_a_line_of_the_project(self):
        assert not found(in_loop(None, scope=TEST, location=None))

    def test_on_migrations(self):
        line = at(9, "blog/migrations/0002_slugs.py", "fill")
        assert not found(in_loop(AUTHOR, location=line))

    @pytest.mark.parametrize("command", ["manage.py migrate", "django-admin loaddata initial"])
    def test_on_commands_that_set_a_database_up(self, command):
        scope = replace(COMMAND, name=command)
        assert not found(once(POSTS, scope=scope), in_loop(AUTHOR, scope=scope))

    def test_where_no_single_execution_repeats(self):
        group = replace(in_loop(AUTHOR, 1, executions=500), loops=0)
        assert not found(once(POSTS), group)


def test_another_scope_does_not_make_a_single_load_a_loop():
    posts = accessed(
        Load(model="accounts.User", created_at=None), "posts", "reverse_fk", "blog.Post",
        created_at=at(20),
    )  # fmt: skip
    finding = next(
        f
        for f in found(
            once(posts, 30, scope=FEED),
            in_loop(accessed(posts, "blog", "fk")),
            in_loop(posts, 30, scope=HOME, shape="all", rows_max=30),
        )
        if "blog" in f.message
    )
    assert finding.remedy.path == "blog"


class TestGrowth:
    """What the same request did on five times the data."""

    def grown(self, before: int, after: int) -> Finding:
        small, large = (
            recorded(once(POSTS, rows), in_loop(AUTHOR, rows)) for rows in (before, after)
        )
        growth = compare(small, large, rows=300, grown_rows=1_500)
        (finding,) = n_plus_one.find(Case(small, growth=growth))
        return finding

    def test_more_queries_make_it_surer(self):
        alone = the_only(once(POSTS, 4), in_loop(AUTHOR, 4))
        finding = self.grown(4, 20)
        assert finding.confidence == round(alone.confidence + 0.1, 2)
        figures = {"queries_at_300_rows": 4, "queries_at_1500_rows": 20}
        assert finding.evidence.figures == figures

    def test_a_page_of_a_fixed_length_leaves_it_as_it_is(self):
        alone = the_only(once(POSTS, 20), in_loop(AUTHOR, 20))
        finding = self.grown(20, 20)
        assert finding.confidence == alone.confidence
        assert finding.evidence.figures["queries_at_1500_rows"] == 20

    def test_nothing_is_said_where_it_was_not_asked_again(self):
        assert the_only(once(POSTS, 20), in_loop(AUTHOR, 20)).evidence.figures == {}
