"""When a save of all columns is worth telling, and which fields it should have named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from tests.unit.rules.recordings import FEED, MS, TEST, at, in_loop, recorded
from tests.unit.rules.sources import code

from nuages.cases import Case
from nuages.code import Code
from nuages.model import Facts, FieldFacts, Finding, Load, LoadUse, Location, ModelFacts, QueryGroup
from nuages.rules import save_all_fields

COUNTED = """
    def count(request, pk):
        page = Page.objects.get(pk=pk)
        page.views += 1
        page.save()
"""
NAMES = ("id", "title", "body", "views", "rank", "author")
PAGE = ModelFacts(
    label="blog.Page",
    table="blog_page",
    fields=tuple(
        FieldFacts(
            name=name,
            column="author_id" if name == "author" else name,
            kind="ForeignKey" if name == "author" else "TextField",
            is_primary=name == "id",
        )
        for name in NAMES
    ),
)
ALL = 'UPDATE "blog_page" SET "title" = %s, "body" = %s, "views" = %s, "rank" = %s, ' + (
    '"author_id" = %s WHERE "blog_page"."id" = %s'
)


def used(body: int = 20_000, saved: int = 1, model: str = "blog.Page") -> LoadUse:
    """What one instance brought along, in bytes, and whether all its fields were saved."""
    return LoadUse(
        load=Load(model=model, created_at=at(2)),
        fetches=1,
        instances=1,
        used=1,
        fields={"views": 1, **({"(save)": saved} if saved else {})},
        bytes={"id": 28, "title": 20, "body": body, "views": 28, "rank": 28, "author_id": 28},
    )


def written(folder: Path, text: str, part: str = "page.save()") -> tuple[Code, Location]:
    """A file blog/views.py, and the location of a part of it."""
    source = code(folder, blog__views=text)
    lines = source.modules[0].text.splitlines()
    line = next(number for number, each in enumerate(lines, 1) if part in each)
    column = lines[line - 1].index(part)
    return source, replace(at(line), column=column, end_column=column + len(part))


def found(
    folder: Path,
    text: str = COUNTED,
    *groups: QueryGroup,
    part: str = "page.save()",
    sql: str = ALL,
    use: LoadUse | None = None,
    models: tuple[ModelFacts, ...] = (PAGE,),
    times: int = 1,
    scope: Any = FEED,
) -> list[Finding]:
    source, place = written(folder, dedent(text), part)
    save = in_loop(None, times, sql=sql, verb="UPDATE", shape="write", location=place, scope=scope)
    others = tuple(replace(group, location=place) for group in groups)
    recording = replace(recorded(save, *others), uses=(use or used(),))
    return list(save_all_fields.find(Case(recording, Facts(models=models), source)))


def the_only(folder: Path, text: str = COUNTED, **rest: Any) -> Finding:
    (finding,) = found(folder, text, **rest)
    return finding


class TestFinds:
    def test_one_field_of_a_row_with_a_long_text(self, tmp_path):
        finding = the_only(tmp_path)
        assert finding.message.startswith("Page.save() writes all 5 columns, about 20,")
        assert finding.hint == 'page.save(update_fields=["views"])'
        assert finding.remedy.kind == "update_fields"
        assert finding.evidence.figures["columns"] == 5
        assert finding.confidence == 0.8

    def test_several_fields_in_the_order_they_are_set(self, tmp_path):
        text = COUNTED.replace("page.views += 1", "page.views += 1; page.author_id = 3")
        assert the_only(tmp_path, text).hint == 'page.save(update_fields=["views", "author"])'

    def test_a_method_of_the_model_with_less_confidence(self, tmp_path):
        text = "class Page:\n    def count(self):\n        self.views += 1\n        self.save()\n"
        finding = the_only(tmp_path, text, part="self.save()")
        assert finding.hint == 'self.save(update_fields=["views"])'
        assert finding.confidence < 0.6

    @pytest.mark.parametrize("what", [{"overrides": ("save",)}, {"signals": ("pre_save",)}])
    def test_a_model_that_may_set_more_with_less_confidence(self, tmp_path, what):
        assert the_only(tmp_path, models=(replace(PAGE, **what),)).confidence < 0.6

    def test_fields_that_are_set_on_each_save_are_named(self, tmp_path):
        stamped = "class Page(Model):\n    rank = DateTimeField(auto_now=True)\n"
        fields = tuple(
            replace(f, kind="DateTimeField") if f.name == "rank" else f for f in PAGE.fields
        )
        page = replace(PAGE, fields=fields, file="blog/views.py", line=1)
        text = stamped + dedent(COUNTED)
        finding = the_only(tmp_path, text, models=(page,))
        assert finding.hint == 'page.save(update_fields=["views", "rank"])'

    def test_many_narrow_columns_that_a_route_waits_for(self, tmp_path):
        names = [f"c{number}" for number in range(18)]
        fields = tuple(FieldFacts(name=n, column=n, kind="IntegerField") for n in ["views", *names])
        page = replace(PAGE, fields=fields)
        sql = 'UPDATE "blog_page" SET "views" = %s, ' + ", ".join(f'"{n}" = %s' for n in names)
        source, place = written(tmp_path, dedent(COUNTED))
        save = in_loop(None, 1, sql=f'{sql} WHERE "id" = %s', verb="UPDATE", location=place)
        recording = recorded(save)
        busy = replace(recording.scopes[0], wall_ns=5 * MS)
        recording = replace(recording, scopes=(busy,), uses=(used(0),))
        case = Case(recording, Facts(models=(page,)), source)
        assert len(list(save_all_fields.find(case))) == 1


class TestStaysSilent:
    def test_on_narrow_rows(self, tmp_path):
        assert not found(tmp_path, use=used(body=200))

    def test_on_columns_that_are_named(self, tmp_path):
        assert not found(tmp_path, sql='UPDATE "blog_page" SET "views" = %s WHERE "id" = %s')

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("page.save()", 'page.save(update_fields=["views"])'),
            ("page.save()", 'page.save(using="other")'),
        ],
    )
    def test_on_a_save_with_arguments(self, tmp_path, old, new):
        assert not found(tmp_path, COUNTED.replace(old, new), part=new)

    def test_where_most_of_the_fields_change(self, tmp_path):
        text = COUNTED.replace("page.views += 1", "page.views = page.title = page.rank = 1")
        assert not found(tmp_path, text)

    @pytest.mark.parametrize(
        "line",
        [
            "fill(page)",
            "fill(target=page)",
            "page.fill()",
            "page.slogan = 1",
            "setattr(page, name, value)",
            "form = PageForm(request.POST, instance=page)",
        ],
    )
    def test_where_something_else_may_have_changed_it(self, tmp_path, line):
        assert not found(tmp_path, COUNTED.replace("page.views += 1", f"page.views += 1; {line}"))

    @pytest.mark.parametrize("made", ["form.save(commit=False)", "form.instance"])
    def test_on_what_comes_from_a_form(self, tmp_path, made):
        assert not found(tmp_path, COUNTED.replace("Page.objects.get(pk=pk)", made))

    def test_where_nothing_is_set_at_all(self, tmp_path):
        assert not found(tmp_path, COUNTED.replace("page.views += 1", "pass"))

    def test_on_what_is_new(self, tmp_path):
        sql = 'INSERT INTO "blog_page" ("a") VALUES (%s)'
        assert not found(tmp_path, COUNTED, in_loop(None, 1, sql=sql, verb="INSERT"))

    def test_on_loops_which_are_told_of_as_such(self, tmp_path):
        assert not found(tmp_path, times=8)

    def test_on_the_code_of_tests(self, tmp_path):
        source, place = written(tmp_path, dedent(COUNTED))
        place = replace(place, file="tests/test_a.py")
        save = in_loop(None, 1, sql=ALL, verb="UPDATE", location=place, scope=TEST)
        recording = replace(recorded(save), uses=(used(),))
        assert not list(save_all_fields.find(Case(recording, Facts(models=(PAGE,)), source)))


class TestRefuses:
    def test_where_no_instance_was_seen_being_saved(self, tmp_path):
        assert not found(tmp_path, use=used(saved=0))
        assert not found(tmp_path, use=used(model="blog.Other"))

    def test_a_model_that_is_not_known(self, tmp_path):
        assert not found(tmp_path, models=())

    def test_an_empty_recording_and_a_light_one(self):
        assert not list(save_all_fields.find(Case()))

    def test_where_the_code_is_not_at_hand(self, tmp_path):
        save = in_loop(None, 1, sql=ALL, verb="UPDATE")
        recording = replace(recorded(save), uses=(used(),))
        assert not list(save_all_fields.find(Case(recording, Facts(models=(PAGE,)))))
