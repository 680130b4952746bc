"""Which relations are fetched along for nothing, and which only look so."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.rules.loads import case, unread, use
from tests.unit.rules.recordings import (
    FEED,
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

from nuages.model import Facts, Finding, Load, ModelFacts, Statement
from nuages.rules import unused_prefetch

AUTHOR = joined(POSTS, "author")
EDITOR = joined(POSTS, "editor")
COMMENTS = prefetched(POSTS, "comments")
LIKES = prefetched(COMMENTS, "likes", model="blog.Like")
READ = use(POSTS, sizes={"title": 20})


def found(*parts, **options) -> list[Finding]:
    return list(unused_prefetch.find(case(*parts, **options)))


def the_only(*parts, **options) -> Finding:
    (finding,) = found(*parts, **options)
    return finding


def accessed_city(author: Load) -> Load:
    return joined(author, "city", model="accounts.City")


class TestFinds:
    def test_a_join_that_nobody_follows(self):
        finding = the_only(once(POSTS), READ, unread(AUTHOR))
        assert finding.message == (
            '"author" of Post is fetched along by select_related and never used: '
            "50 instances in one GET /api/feed/"
        )
        assert finding.hint == (
            'take "author" out of .select_related() on the queryset at blog/views.py:41'
        )
        assert (finding.remedy.kind, finding.remedy.path) == ("remove", "author")
        assert finding.created_at == QUERYSET_LINE

    def test_all_joins_of_a_queryset_at_once(self):
        finding = the_only(once(POSTS), READ, unread(AUTHOR), unread(EDITOR, 20))
        assert finding.message.startswith('"author", "editor" of Post are fetched along')
        assert finding.evidence.figures["instances_a_request"] == 70

    def test_a_prefetch_with_the_time_of_its_own_queries(self):
        finding = the_only(once(POSTS), once(COMMENTS, 90), READ, unread(COMMENTS, 90))
        assert 'take "comments" out of .prefetch_related()' in finding.hint
        assert (finding.evidence.calls, finding.evidence.rows) == (1, 90)
        assert finding.evidence.wall_ms == 1

    def test_the_unused_end_of_a_path(self):
        parts = once(POSTS), once(COMMENTS, 90), once(LIKES, 90), READ, use(COMMENTS, 90)
        assert the_only(*parts, unread(LIKES, 90)).remedy.path == "comments__likes"

    def test_the_topmost_unused_part_of_a_path(self):
        parts = once(POSTS), once(COMMENTS, 90), once(LIKES, 90), READ
        finding = the_only(*parts, unread(COMMENTS, 90), unread(LIKES, 90))
        assert finding.remedy.path == "comments"

    def test_a_prefetch_with_a_queryset_of_its_own_where_it_is_prefetched(self):
        own = prefetched(POSTS, "comments", created_at=at(38))
        finding = the_only(once(POSTS), once(own, 90), READ, unread(own, 90))
        assert finding.created_at == QUERYSET_LINE

    def test_a_join_of_a_prefetchs_own_queryset_there(self):
        own = prefetched(POSTS, "comments", created_at=at(38))
        writer = joined(own, "writer")
        parts = once(POSTS), once(own, 90), READ, use(own, 90)
        finding = the_only(*parts, unread(writer, 90))
        assert (finding.created_at, finding.remedy.path) == (at(38), "writer")

    def test_a_join_of_the_manager(self, tmp_path):
        lines = "\n" * 39 + "def feed():\n    return list(Post.objects.all())\n"
        finding = the_only(
            once(POSTS), READ, unread(AUTHOR), code=code(tmp_path, blog__views=lines)
        )
        assert ".select_related(None)" in finding.hint
        assert finding.confidence < the_only(once(POSTS), READ, unread(AUTHOR)).confidence

    def test_the_path_that_the_code_says(self, tmp_path):
        text = (
            "def feed():\n    return Post.objects.select_related('author__profile', 'author_id')\n"
        )
        source, load = code(tmp_path, blog__views=text), replace(POSTS, created_at=at(2))
        author = joined(load, "author")
        parts = once(load), use(load, sizes={"title": 20}), unread(author)
        finding = the_only(*parts, code=source)
        assert finding.hint.startswith('take "author__profile" out of .select_related() on')
        assert finding.remedy.path == "author"

    def test_a_join_of_an_admin(self):
        load = Load(model="blog.Post", created_at=at(9, "blog/admin.py", "PostAdmin", "class"))
        finding = the_only(once(load), unread(joined(load, "author")))
        assert "list_select_related on the queryset of PostAdmin" in finding.hint

    def test_a_join_that_an_admin_makes_by_itself(self, tmp_path):
        text = "\n" * 8 + "class PostAdmin(ModelAdmin):\n    list_display = ['author']\n"
        load = Load(model="blog.Post", created_at=at(9, "blog/admin.py", "PostAdmin", "class"))
        made = case(
            once(load), unread(joined(load, "author")), code=code(tmp_path, blog__admin=text)
        )
        view = "django.contrib.admin.options.changelist_view"
        scopes = tuple(replace(stats, view=view) for stats in made.recording.scopes)
        admin = replace(made, recording=replace(made.recording, scopes=scopes))
        (finding,) = unused_prefetch.find(admin)
        assert finding.hint.startswith("name what the list needs in list_select_related, ()")
        assert "PostAdmin (blog/admin.py:9)" in finding.hint

    def test_a_prefetch_that_a_filter_defeats_with_what_would_use_it(self):
        again = accessed(POSTS, "comments", "reverse_fk", "blog.Comment")
        parts = once(POSTS), once(COMMENTS, 90), in_loop(again, 2, shape="filtered"), use(again)
        finding = the_only(*parts, READ, unread(COMMENTS, 90))
        assert "is fetched along by prefetch_related and queried anew" in finding.message
        assert finding.hint.startswith('read "comments" by .all()')

    def test_few_instances_and_tests_with_less_confidence(self):
        many = the_only(once(POSTS), unread(AUTHOR)).confidence
        assert the_only(once(POSTS), unread(AUTHOR, 5)).confidence < many
        assert the_only(once(POSTS, scope=TEST), unread(AUTHOR)).confidence < many


class TestStaysSilent:
    def test_on_a_join_that_kin_of_the_rows_make_use_of(self):
        letters = replace(POSTS, model="blog.Letter", created_at=at(60))
        twice = [once(POSTS), once(letters), READ, use(letters, sizes={"title": 20})]
        followed = [use(AUTHOR), use(accessed_city(AUTHOR))]
        again = joined(letters, "author")
        unused = [unread(again), unread(accessed_city(again))]
        facts = Facts(
            models=(ModelFacts(label="blog.Letter", table="letter", parents=("blog.Post",)),)
        )
        assert not found(*twice, *followed, *unused, facts=facts)
        assert found(*twice, *followed, *unused)  # strangers
        assert found(*twice, unread(AUTHOR), unread(again), facts=facts)

    @pytest.mark.parametrize("shape", ["filtered", "ordered", "count", "get"])
    def test_on_what_n_plus_one_names_as_a_defeated_prefetch(self, shape):
        again = accessed(POSTS, "comments", "reverse_fk", "blog.Comment")
        parts = once(POSTS), once(COMMENTS, 90), in_loop(again, shape=shape), use(again)
        assert not found(*parts, READ, unread(COMMENTS, 90))

    @pytest.mark.parametrize("asked", ["(reached)", "(iterated)", "(counted)", "(tested)"])
    def test_on_what_was_asked_for_without_a_look_at_it(self, asked):
        parts = once(POSTS), once(COMMENTS, 90), READ
        assert not found(*parts, unread(COMMENTS, 90, asked={asked: 1}))
        assert not found(once(POSTS), READ, unread(AUTHOR, asked={asked: 1}))

    def test_on_what_one_row_used(self):
        assert not found(once(POSTS), READ, use(AUTHOR, used=1))

    def test_on_the_querysets_own_rows(self):
        assert not found(once(POSTS), unread(POSTS))

    def test_on_too_few_instances(self):
        assert not found(once(POSTS, 2), unread(AUTHOR, 2))

    def test_on_few_instances_of_one_execution(self):
        few = replace(once(POSTS), executions=1, rows=5, rows_max=5)
        assert not found(few, use(POSTS, 5, sizes={"title": 20}), unread(AUTHOR, 5))
        again = replace(few, executions=2, calls=2, rows=10)
        assert found(again, use(POSTS, 10, sizes={"title": 20}), unread(AUTHOR, 10))

    def test_on_one_instance_in_each_of_many_executions(self):
        one = replace(once(POSTS, 1), executions=40, calls=40, rows=40)
        assert not found(one, use(POSTS, 40, sizes={"title": 20}), unread(AUTHOR, 40))

    def test_on_rows_that_are_locked(self):
        locked = replace(once(POSTS), statement=Statement(sql="SELECT 1 FOR UPDATE", verb="SELECT"))
        assert not found(locked, unread(AUTHOR))

    def test_on_the_models_of_a_generic_relation_that_is_followed(self):
        target = prefetched(POSTS, "target", "gfk", "shop.Order")
        other = prefetched(POSTS, "target", "gfk", "shop.Invoice")
        parts = once(POSTS), once(target, 30), once(other, 30)
        assert not found(*parts, use(target, 30), unread(other, 30))

    def test_on_requests_that_failed(self):
        assert not found(once(POSTS), READ, unread(AUTHOR), statuses={"400": 3})

    def test_on_one_of_two_ways_to_a_queryset_when_the_other_follows_it(self):
        user = Load(model="accounts.User", created_at=at(5))
        mine = accessed(user, "posts", "reverse_fk", "blog.Post", created_at=QUERYSET_LINE)
        other = accessed(None, "posts", "reverse_fk", "blog.Post", created_at=QUERYSET_LINE)
        parts = once(mine), once(other), unread(joined(mine, "author"))
        assert found(*parts)
        assert not found(*parts, use(joined(other, "author")))

    def test_on_tests_migrations_and_libraries(self):
        for place in (at(9, "tests/test_a.py"), at(9, "blog/migrations/0002_a.py"),
                      at(9, "lib/views.py", root="")):  # fmt: skip
            load = Load(model="blog.Post", created_at=place)
            assert not found(once(load, scope=FEED), unread(joined(load, "author")))


class TestRefuses:
    def test_where_the_queryset_was_not_seen_being_created(self):
        unknown = replace(POSTS, created_at=None)
        assert not found(once(unknown), unread(joined(unknown, "author")))

    def test_without_uses_as_in_light_recordings(self):
        assert not found(once(POSTS), once(COMMENTS))

    def test_to_edit(self):
        assert the_only(once(POSTS), unread(AUTHOR)).fix.status == "none"
