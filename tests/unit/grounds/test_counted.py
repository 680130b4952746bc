"""Which counts can be read from an annotation, and how it is written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.rules.recordings import COMMAND, HOME, POSTS, accessed, at, in_loop, once, recorded
from tests.unit.rules.sources import code

from nuages.cases import Case
from nuages.grounds.counted import annotation_for
from nuages.loops import find_loops
from nuages.model import Facts, FieldFacts, ModelFacts, QueryGroup, Remedy, Scope

COUNT = 'SELECT COUNT(*) AS "__count" FROM "blog_note" WHERE "blog_note"."post_id" = %s'
EXISTS = 'SELECT 1 AS "a" FROM "blog_note" WHERE "blog_note"."post_id" = %s LIMIT 1'
NOTE = ModelFacts(
    label="blog.Note",
    table="blog_note",
    file="blog/models.py",
    line=9,
    fields=(
        FieldFacts(name="post", column="post_id", kind="ForeignKey", to="blog.Post"),
        FieldFacts(name="answer", column="answer_id", kind="ForeignKey", to="blog.Post"),
    ),
)
CALL = "post.notes.count()"


@pytest.fixture
def advised(tmp_path: Path):
    def judged(
        text: str = CALL,
        sql: str = COUNT,
        *others: QueryGroup,
        kind: str = "reverse_fk",
        model: ModelFacts = NOTE,
        more: str = "",
    ) -> tuple[Remedy, str]:
        source = code(tmp_path, blog__views=f"def total(post):\n    return {text}\n{more}")
        location = replace(at(2), column=11, end_column=11 + len(text))
        shape = "exists" if "exists" in text else "count"
        load = accessed(POSTS, "notes", kind, "blog.Note", created_at=location)
        asked = replace(in_loop(load, sql=sql, shape=shape, location=location), location=location)
        case = Case(recorded(once(POSTS), asked, *others), Facts(models=(model,)), source)
        loop = next(one for one in find_loops(case.recording) if one.lineage)
        return annotation_for(loop, case)

    return judged


class TestFinds:
    def test_a_count(self, advised):
        remedy, reason = advised()
        assert reason == ""
        assert remedy.code == (
            'notes_count=Subquery(Note._default_manager.filter(post=OuterRef("pk")).order_by()'
            '.values(rows=Func("pk", function="COUNT", output_field=IntegerField())))'
        )
        assert remedy.at is not None
        assert (remedy.at.file, remedy.at.function) == ("blog/models.py", "Note")

    def test_a_question_for_any(self, advised):
        remedy, reason = advised("post.notes.exists()", EXISTS)
        assert (remedy.code, reason) == (
            'notes_exist=Exists(Note._default_manager.filter(post=OuterRef("pk")))',
            "",
        )

    def test_the_key_of_several(self, advised):
        remedy, _ = advised(CALL, COUNT.replace("post_id", "answer_id"))
        assert '.filter(answer=OuterRef("pk"))' in remedy.code

    def test_writes_elsewhere_are_no_matter(self, advised):
        insert = 'INSERT INTO "blog_note" ("post_id") VALUES (%s)'
        other = in_loop(None, 1, sql=insert, verb="INSERT", scope=HOME, location=at(7))
        assert advised(CALL, COUNT, other)[1] == ""


class TestRefuses:
    @pytest.mark.parametrize(
        ("text", "sql", "given", "reason"),
        [
            ("post.notes.filter(x=1).count()", COUNT, {}, "has to change"),
            ("post.blog.notes.count()", COUNT, {}, "has to change"),
            ("counted(post)", COUNT, {}, "has to change"),
            (CALL, COUNT, {"kind": "m2m"}, "has to change"),
            (CALL, COUNT + ' AND "blog_note"."live"', {}, "a condition of their own"),
            (CALL, COUNT.replace("post_id", "slug"), {}, "a condition of their own"),
            (CALL, COUNT, {"model": replace(NOTE, file="")}, "a condition of their own"),
            (CALL, COUNT, {"more": "notes_count = 1\n"}, "the name notes_count is taken"),
        ],
    )
    def test_what_an_annotation_may_not_say(self, advised, text, sql, given, reason):
        remedy, said = advised(text, sql, **given)
        assert reason in said
        assert remedy.code == ""

    def test_rows_that_are_written_meanwhile(self, advised):
        insert = 'INSERT INTO "blog_note" ("post_id") VALUES (%s)'
        written = in_loop(None, 1, sql=insert, verb="INSERT", location=at(7))
        assert "write such rows" in advised(CALL, COUNT, written)[1]
        command: Scope = COMMAND
        assert advised(CALL, COUNT, replace(written, scope=command))[1] == ""
