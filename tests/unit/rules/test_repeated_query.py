"""Which repetitions are the same question again, and where its answer should be kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.unit.rules.recordings import (
    COMMAND,
    FEED,
    HOME,
    LOOP_LINE,
    MS,
    POSTS,
    TEST,
    accessed,
    at,
    in_loop,
    once,
    recorded,
)
from tests.unit.rules.sources import code

from nuages.cases import Case
from nuages.code import Code
from nuages.model import Facts, Finding, Load, Location, QueryGroup, ResultReuse, Scope
from nuages.rules import n_plus_one, repeated_query, row_by_row_write

OPTION = Load(model="blog.Option", created_at=LOOP_LINE)
ASKED = in_loop(OPTION, 6, distinct=1)


def found(
    *groups: QueryGroup,
    source: Code | None = None,
    settings: dict[str, Any] | None = None,
    reuse: ResultReuse | None = None,
    mode: Any = "deep",
) -> list[Finding]:
    recording = replace(recorded(*groups), reuse=(reuse,) if reuse else (), mode=mode)
    facts = Facts(settings=settings or {})
    return list(repeated_query.find(Case(recording, facts, source or Code())))


def the_only(*groups: QueryGroup, **case: Any) -> Finding:
    (finding,) = found(*groups, **case)
    return finding


def written(folder: Path, text: str, part: str) -> tuple[Code, Location]:
    """A file blog/views.py, and the location of a part of it."""
    source = code(folder, blog__views=text)
    lines = source.modules[0].text.splitlines()
    line = next(number for number, each in enumerate(lines, 1) if part in each)
    column = lines[line - 1].index(part)
    return source, replace(at(line), column=column, end_column=column + len(part))


class TestFinds:
    def test_one_question_asked_in_a_loop(self):
        finding = the_only(ASKED)
        assert finding.message == (
            "Option is queried with the same parameters again: 6 times in one GET /api/feed/"
        )
        assert finding.location == LOOP_LINE
        assert finding.remedy.kind == "hoist"
        assert (finding.evidence.calls, finding.evidence.per_request_max) == (6, 6)
        assert finding.evidence.figures == {"different": 1}
        assert finding.hint == "ask once before the loop that calls feed(), and give it the result"

    def test_two_questions_each_asked_again(self):
        finding = the_only(in_loop(OPTION, 8, distinct=2))
        assert "with the same 2 parameters again: 8 times" in finding.message
        assert finding.confidence < the_only(in_loop(OPTION, 8, distinct=1)).confidence

    def test_a_question_without_parameters(self):
        group = in_loop(None, 5, distinct=1, sql='SELECT COUNT(*) FROM "blog_post"')
        assert the_only(group).message.startswith("blog_post is queried in the same words again")

    def test_the_relation_of_one_instance(self):
        user = Load(model="accounts.User", created_at=at(20))
        groups = accessed(user, "groups", "m2m", "auth.Group")
        assert the_only(once(user, 1), in_loop(groups, 5, distinct=1)).message.startswith("Group ")

    def test_an_object_that_is_loaded_again_and_what_follows_from_it_once(self):
        user = Load(model="accounts.User", created_at=at(20))
        profile = accessed(user, "profile", "reverse_o2o")
        finding = the_only(
            in_loop(user, 5, distinct=1, location=at(20)), in_loop(profile, 5, distinct=1)
        )
        assert finding.location == at(20)

    def test_one_expression_once_with_all_its_routes_and_queries(self):
        user_rights = in_loop(
            None, 4, distinct=1, sql='SELECT 1 FROM "auth_permission" WHERE a = %s'
        )
        finding = the_only(ASKED, user_rights, in_loop(OPTION, 9, distinct=1, scope=HOME))
        assert finding.routes == ("GET /", "GET /api/feed/")
        assert finding.evidence.calls == 19

    def test_a_method_once_whether_code_or_a_template_calls_it(self):
        line = at(3, "blog/templates/feed.html", "", "template")
        by_template = replace(in_loop(OPTION, 6, distinct=1, scope=HOME), trigger=line)
        assert the_only(ASKED, by_template).routes == ("GET /", "GET /api/feed/")

    def test_a_task(self):
        assert found(in_loop(OPTION, 6, distinct=1, scope=Scope(kind="task", name="digest")))

    def test_answers_that_were_the_same(self):
        same = ResultReuse(statement=ASKED.statement, location=LOOP_LINE, lookups=5, same=5)
        write = in_loop(
            None, 1, verb="UPDATE", sql='UPDATE "blog_option" SET a = %s', location=at(9)
        )
        assert found(ASKED, write, reuse=same)

    def test_product_code_with_a_loop_of_its_own_that_a_test_calls(self, tmp_path):
        text = "def feed():\n    for post in posts:\n        Option.objects.get(key='a')\n"
        source, place = written(tmp_path, text, "Option.objects.get(key='a')")
        group = in_loop(OPTION, 6, distinct=1, scope=TEST, location=place)
        assert the_only(group, source=source).confidence < 0.8


class TestAdvises:
    def test_to_move_it_out_of_the_loop(self, tmp_path):
        text = "def feed():\n    for post in posts:\n        Option.objects.get(key='a')\n"
        source, place = written(tmp_path, text, "Option.objects.get(key='a')")
        finding = the_only(replace(ASKED, location=place), source=source)
        assert finding.hint.startswith("move it out of the loop at line 2")
        assert finding.confidence == 0.9

    def test_to_keep_it_by_its_parameters_where_it_depends_on_the_loop(self, tmp_path):
        text = "def feed():\n    for post in posts:\n        Option.objects.get(key=post.kind)\n"
        source, place = written(tmp_path, text, "Option.objects.get(key=post.kind)")
        assert "in a dict" in the_only(replace(ASKED, location=place), source=source).hint

    def test_a_cached_property(self, tmp_path):
        text = "class A:\n    @property\n    def open(self):\n        return self.b.count()\n"
        source, place = written(tmp_path, text, "self.b.count()")
        finding = the_only(replace(ASKED, location=place), source=source)
        assert finding.hint.startswith("make open a cached_property")
        assert finding.remedy.kind == "cache"

    def test_a_name_for_what_a_method_gives(self, tmp_path):
        text = "class A:\n    def open(self):\n        return self.b.count()\n"
        source, place = written(tmp_path, text, "self.b.count()")
        hint = the_only(replace(ASKED, location=place), source=source).hint
        assert hint.startswith("keep the result of open() in a name before the loop")

    def test_to_keep_it_over_the_saves_that_a_signal_tells_of(self, tmp_path):
        text = (
            "@receiver(post_save)\ndef told(sender, **kwargs):\n    Option.objects.get(key='a')\n"
        )
        source, place = written(tmp_path, text, "Option.objects.get(key='a')")
        finding = the_only(replace(ASKED, location=place), source=source)
        assert finding.hint.startswith("told() runs at each save")

    def test_the_context_of_a_template_or_serializer(self):
        line = at(3, "blog/templates/feed.html", "", "template")
        field = at(7, "blog/api.py", "PostSerializer", "field")
        created = at(44)
        first = the_only(replace(ASKED, trigger=line, created_at=created))
        assert "{% with %}" in first.hint
        assert "(blog/templates/feed.html:3)" in first.hint
        second = the_only(replace(ASKED, trigger=field, created_at=created))
        assert "serializer in its context" in second.hint

    def test_the_call_that_keeps_types_and_sites(self):
        types = Load(model="contenttypes.ContentType", created_at=LOOP_LINE)
        sql = 'SELECT "id" FROM "django_content_type" WHERE "model" = %s'
        finding = the_only(in_loop(types, 6, distinct=1, sql=sql))
        assert finding.hint.startswith("ask by ContentType.objects.get_for_model(Model)")
        assert finding.remedy.kind == "cache"

    def test_the_cache_of_flags_before_the_view(self):
        settings = {
            "CACHES": {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
        }
        sql = 'SELECT "id" FROM "waffle_flag" WHERE "name" = %s'
        finding = the_only(in_loop(None, 6, distinct=1, sql=sql), settings=settings)
        assert 'waffle keeps its rows in CACHES["default"], which keeps nothing' in finding.hint
        assert finding.remedy.kind == "setting"


class TestStaysSilent:
    @pytest.mark.parametrize(("times", "distinct"), [(2, 1), (4, 2), (5, 2), (6, 6), (50, 3)])
    def test_on_few_times_and_on_other_parameters(self, times, distinct):
        assert not found(in_loop(OPTION, times, distinct=distinct))

    def test_on_what_is_told_of_as_a_loop_over_rows(self):
        many = in_loop(OPTION, 9, scope=HOME)
        assert not found(ASKED, many)
        assert list(n_plus_one.find(Case(recorded(ASKED, many))))

    def test_on_what_is_told_of_as_a_write(self):
        write = in_loop(None, 6, verb="INSERT", sql='INSERT INTO "a" VALUES (%s)', shape="write")
        assert not found(ASKED, write)
        assert list(row_by_row_write.find(Case(recorded(ASKED, write))))

    def test_on_foreign_keys_of_different_rows(self):
        author = accessed(POSTS, "author", "fk")
        assert not found(once(POSTS), in_loop(author, 5, distinct=1))

    @pytest.mark.parametrize(
        "sql",
        [
            "SELECT CURRENT_TIMESTAMP",
            'SELECT "a" FROM "b" WHERE "c" = %s FOR UPDATE',
            'SELECT "a" FROM "b" ORDER BY RAND() ASC LIMIT 1',
            "SELECT pg_advisory_lock(%s) FROM b",
            'SELECT "name" FROM "sqlite_master"',
            'SELECT "cache_key", "value", "expires" FROM "cache" WHERE "cache_key" = %s',
        ],
    )
    def test_on_what_may_have_another_answer(self, sql):
        assert not found(in_loop(None, 5, distinct=1, sql=sql))

    def test_on_rows_that_are_locked(self, tmp_path):
        call = "Option.objects.select_for_update().first()"
        source, place = written(tmp_path, f"def f():\n    for a in b:\n        {call}\n", call)
        assert not found(replace(ASKED, location=place), source=source)

    def test_on_answers_that_differed(self):
        reuse = ResultReuse(statement=ASKED.statement, location=LOOP_LINE, lookups=5, same=1)
        assert not found(ASKED, reuse=reuse)

    def test_on_a_table_that_is_written_meanwhile(self):
        sql = 'UPDATE "blog_option" SET "value" = %s WHERE "id" = %s'
        assert not found(ASKED, in_loop(None, 1, verb="UPDATE", sql=sql, location=at(60)))

    def test_on_polling(self):
        recording = recorded(ASKED)
        slow = replace(recording.scopes[0], wall_ns=6 * 200 * MS)
        assert not list(repeated_query.find(Case(replace(recording, scopes=(slow,)))))

    def test_on_a_command_that_waits_for_rows(self):
        assert not found(in_loop(OPTION, 6, distinct=1, scope=COMMAND, rows_max=0))

    def test_on_the_life_of_a_process(self):
        assert not found(in_loop(OPTION, 6, distinct=1, scope=Scope(kind="process", name="")))

    def test_on_a_test_that_calls_the_product_again_and_again(self):
        assert not found(in_loop(OPTION, 6, distinct=1, scope=TEST))

    @pytest.mark.parametrize("file", ["tests/test_a.py", "blog/factories.py"])
    def test_on_the_code_of_tests(self, file):
        assert not found(in_loop(OPTION, 6, distinct=1, scope=TEST, location=at(3, file)))

    def test_on_migrations(self):
        assert not found(replace(ASKED, location=at(3, "blog/migrations/0002_fill.py")))

    @pytest.mark.parametrize("verb", ["INSERT", "UPDATE", "BEGIN", "SAVEPOINT"])
    def test_on_everything_but_reads(self, verb):
        assert not found(in_loop(None, 6, verb=verb, distinct=1, sql=f"{verb} a", shape="write"))

    def test_where_no_single_execution_repeats(self):
        assert not found(replace(ASKED, loops=0, per_execution_max=1, executions=500))


class TestRefuses:
    def test_where_parameters_were_not_told_apart(self):
        assert not found(in_loop(OPTION, 6, distinct=0))

    def test_where_a_light_recording_sampled_other_executions_than_those_that_looped(self):
        group = in_loop(OPTION, 6, distinct=1, executions=10)
        assert not found(replace(group, loops=2), mode="light")
        assert found(group, mode="light")

    def test_an_empty_recording(self):
        assert not list(repeated_query.find(Case()))

    def test_to_write_the_edit(self):
        assert the_only(ASKED).fix.status == "none"
        assert the_only(ASKED).fix.reason


def test_a_request_and_its_scope_are_named():
    assert FEED.name in the_only(ASKED).message
