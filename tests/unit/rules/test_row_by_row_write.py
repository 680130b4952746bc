"""Which writes are one row at a time, which bulk call would do, and what it would leave out."""

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
    TEST,
    at,
    in_loop,
    recorded,
)
from tests.unit.rules.sources import code

from nuages.cases import Case
from nuages.code import Code
from nuages.model import (
    Facts,
    FieldFacts,
    Finding,
    Load,
    Location,
    ModelFacts,
    QueryGroup,
    Scope,
)
from nuages.rules import n_plus_one, row_by_row_write

INSERT = 'INSERT INTO "shop_order" ("a", "b") VALUES (%s, %s)'
UPDATE = 'UPDATE "shop_order" SET "a" = %s WHERE "shop_order"."id" = %s'
DELETE = 'DELETE FROM "shop_order" WHERE "shop_order"."id" IN (%s)'
ORDER = ModelFacts(
    label="shop.Order",
    table="shop_order",
    fields=(FieldFacts(name="id", column="id", kind="AutoField", is_primary=True),),
)


def writes(sql: str, times: int = 8, **rest: Any) -> QueryGroup:
    return in_loop(
        None, times, sql=sql, verb=sql.split()[0], shape="write", **{"rows_max": 0} | rest
    )


def found(
    *groups: QueryGroup, models: tuple[ModelFacts, ...] = (ORDER,), source: Code | None = None
) -> list[Finding]:
    case = Case(recorded(*groups), Facts(models=models), source or Code())
    return list(row_by_row_write.find(case))


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


def looped(folder: Path, call: str, sql: str, **rest: Any) -> Finding:
    """What is found of a call inside `for order in orders`."""
    source, place = written(folder, f"def f():\n    for order in orders:\n        {call}\n", call)
    return the_only(writes(sql, location=place, **rest), source=source)


class TestFinds:
    @pytest.mark.parametrize(
        ("sql", "verb", "kind"),
        [
            (INSERT, "inserted", "bulk_create"),
            (UPDATE, "updated", "bulk_update"),
            (DELETE, "deleted", "bulk_delete"),
        ],
    )
    def test_each_verb_with_its_bulk_call(self, sql, verb, kind):
        finding = the_only(writes(sql))
        assert finding.message == (
            f"Rows of Order are {verb} one at a time: 8 queries in one GET /api/feed/"
        )
        assert finding.remedy.kind == kind
        assert finding.location == LOOP_LINE
        assert finding.routes == ("GET /api/feed/",)
        assert "1000" in finding.hint or "1,000" in finding.hint

    def test_one_expression_once_with_all_its_tables_and_routes(self):
        paper = 'INSERT INTO "shop_paper" ("a") VALUES (%s)'
        finding = the_only(writes(INSERT), writes(paper), writes(INSERT, 4, scope=HOME))
        assert finding.routes == ("GET /", "GET /api/feed/")
        assert finding.evidence.calls == 20

    def test_a_save_that_tried_an_update_first(self):
        finding = the_only(writes(UPDATE), writes(INSERT))
        assert finding.remedy.kind == "bulk_create"

    def test_a_command_and_a_task(self):
        task = Scope(kind="task", name="tidy")
        assert the_only(writes(DELETE, scope=COMMAND), writes(DELETE, scope=task))

    def test_rows_of_a_class_without_a_line_of_the_project(self):
        place = at(9, "shop/api.py", "Orders", "class")
        assert the_only(writes(INSERT, location=place)).location == place

    @pytest.mark.parametrize("name", ["downsample", "demographics", "update_fixtures", "speed"])
    def test_a_command_that_only_sounds_like_set_up(self, name):
        assert found(writes(INSERT, scope=Scope(kind="command", name=f"manage.py {name}")))

    def test_a_table_whose_model_is_not_known(self):
        assert "Rows of shop_order" in the_only(writes(INSERT), models=()).message

    def test_product_code_with_a_loop_of_its_own_that_a_test_calls(self, tmp_path):
        finding = looped(tmp_path, "order.delete()", DELETE, scope=TEST)
        assert finding.confidence < 0.8

    def test_three_rows_with_less_confidence(self):
        assert the_only(writes(INSERT, 3)).confidence < the_only(writes(INSERT)).confidence


class TestAdvises:
    def test_several_at_once_for_a_relation(self, tmp_path):
        hint = looped(tmp_path, "order.tags.add(tag)", INSERT).hint
        assert hint.startswith("give them to one call, .add(*rows)")

    def test_the_rows_themselves_where_each_call_takes_several(self, tmp_path):
        hint = looped(tmp_path, "order.tags.set(tags)", INSERT).hint
        assert hint.startswith("for several instances, write the rows of")

    def test_one_query_first_for_get_or_create(self, tmp_path):
        hint = looped(tmp_path, "Order.objects.get_or_create(a=order)", INSERT).hint
        assert hint.startswith("ask for all that exist in one query before the loop")

    def test_what_a_bulk_write_leaves_out(self):
        careful = replace(ORDER, signals=("post_save",), overrides=("save",))
        finding = the_only(writes(INSERT), models=(careful,))
        assert finding.hint.endswith("post_save of Order, which somebody listens to, Order.save()")
        assert finding.confidence < the_only(writes(INSERT)).confidence

    def test_nothing_left_out_by_an_update_that_was_none_of_a_save(self, tmp_path):
        call = "Order.objects.filter(pk=order).update(a=1)"
        source, place = written(tmp_path, f"def f():\n    for order in x:\n        {call}\n", call)
        careful = replace(ORDER, signals=("post_save",), overrides=("save",))
        finding = the_only(writes(UPDATE, location=place), models=(careful,), source=source)
        assert "leaves out" not in finding.hint

    def test_that_rows_in_two_tables_cannot_be_created_in_bulk(self):
        hall = ModelFacts(label="shop.Special", table="shop_special", parents=("shop.Order",))
        child = 'INSERT INTO "shop_special" ("order_ptr_id") VALUES (%s)'
        finding = the_only(writes(INSERT), writes(child), models=(ORDER, hall))
        assert finding.hint.startswith("bulk_create can't insert Special")


class TestStaysSilent:
    @pytest.mark.parametrize("times", [1, 2])
    def test_on_fewer_than_three_rows(self, times):
        assert not found(writes(INSERT, times))

    def test_on_one_save_per_request(self):
        assert not found(writes(UPDATE, 1, executions=500))

    @pytest.mark.parametrize(
        "sql",
        [
            'INSERT INTO "shop_order" ("a") VALUES (%s), …',
            'INSERT INTO "shop_order" ("a") VALUES (%s), … RETURNING "id"',
            'INSERT INTO "shop_order" ("a") SELECT %s UNION ALL …',
            'INSERT INTO "shop_order" ("a") SELECT * FROM UNNEST((%s)::int[])',
            'INSERT INTO "shop_order" ("a") SELECT "b"."a" FROM "b" WHERE "b"."c" = %s',
            'UPDATE "shop_order" SET "a" = CASE WHEN ("id" = %s) THEN %s ELSE NULL END '
            'WHERE "id" IN (%s, …)',
            'UPDATE "shop_order" SET "a" = %s WHERE "id" IN (%s, …)',
            'UPDATE "shop_order" SET "a" = %s WHERE ("id" >= %s AND "id" < %s)',
            'UPDATE "shop_order" SET "a" = %s WHERE "id" BETWEEN %s AND %s',
            'UPDATE "shop_order" SET "a" = ("shop_order"."a" + %s)',
            'DELETE FROM "shop_order" WHERE "shop_order"."id" IN (%s, …)',
            'DELETE FROM "shop_order" WHERE "id" IN (SELECT "id" FROM "b" LIMIT 1000)',
            'DELETE FROM "shop_order"',
        ],
    )
    def test_on_batches_and_whole_tables(self, sql):
        assert not found(writes(sql))

    @pytest.mark.parametrize(
        "table", ["django_session", "django_admin_log", "django_content_type", "django_migrations"]
    )
    def test_on_what_django_writes_itself(self, table):
        assert not found(writes(f'INSERT INTO "{table}" ("a") VALUES (%s)'))

    def test_on_a_cache_in_the_database(self):
        sql = 'INSERT INTO "cache" ("cache_key", "value", "expires") VALUES (%s, %s, %s)'
        assert not found(writes(sql))

    @pytest.mark.parametrize("verb", ["SAVEPOINT", "BEGIN", "RELEASE", "SELECT", "COPY"])
    def test_on_everything_but_writes_of_rows(self, verb):
        assert not found(writes(f"{verb} shop_order"))

    def test_on_one_row_that_is_saved_again_and_again(self, tmp_path):
        text = "def f(job):\n    for row in rows:\n        job.save()\n"
        source, place = written(tmp_path, text, "job.save()")
        assert not found(writes(UPDATE, location=place), source=source)

    def test_on_the_same_values_for_the_same_row(self):
        assert not found(writes(UPDATE, distinct=1))

    @pytest.mark.parametrize("call", ["form.save()", "config_form(data).save()", "reload_all()"])
    def test_on_a_librarys_loop_over_rows_of_its_own(self, tmp_path, call):
        source, place = written(tmp_path, f"def index(request):\n    {call}\n", call)
        assert not found(writes(INSERT, location=place), source=source)
        own = replace(ORDER, file="shop/models.py")
        assert found(writes(INSERT, location=place), source=source, models=(own,))

    def test_though_not_on_the_projects_own_writes_to_a_librarys_table(self, tmp_path):
        call = "User.objects.create_user(name)"
        text = f"class A:\n    def add(self, name):\n        {call}\n"
        source, place = written(tmp_path, text, call)
        assert found(writes(INSERT, location=place), source=source)

    def test_on_the_forms_of_an_admins_list(self):
        recording = recorded(writes(UPDATE, location=at(9, "shop/admin.py", "A", "class")))
        admin = replace(recording.scopes[0], view="django.contrib.admin.options.changelist_view")
        case = Case(replace(recording, scopes=(admin,)), Facts(models=(ORDER,)))
        assert not list(row_by_row_write.find(case))

    def test_on_loops_that_take_their_time_for_other_things(self):
        recording = recorded(writes(INSERT, scope=COMMAND))
        slow = replace(recording.scopes[0], wall_ns=8 * 200 * MS)
        assert not list(row_by_row_write.find(Case(replace(recording, scopes=(slow,)))))

    def test_on_the_data_that_a_test_makes(self):
        assert not found(writes(INSERT, scope=TEST, location=at(3, "tests/factories.py")))
        assert not found(writes(INSERT, scope=TEST))

    def test_on_the_life_of_a_process(self):
        assert not found(writes(INSERT, scope=Scope(kind="process", name="")))

    def test_on_migrations_and_set_up(self):
        assert not found(writes(INSERT, location=at(3, "shop/migrations/0002_fill.py")))
        for command in ("loaddata a", "seed_demo", "createsampledata"):
            scope = Scope(kind="command", name=f"manage.py {command}")
            assert not found(writes(INSERT, scope=scope))

    def test_on_writes_without_a_line_of_the_project(self):
        assert not found(writes(INSERT, location=None))


class TestRefuses:
    def test_an_empty_recording(self):
        assert not list(row_by_row_write.find(Case()))

    def test_to_write_the_edit(self):
        assert the_only(writes(INSERT)).fix.status == "none"
        assert the_only(writes(INSERT)).fix.reason


def test_a_lookup_at_the_same_call_is_part_of_it():
    lookup = in_loop(Load(model="shop.Order", created_at=LOOP_LINE), 8)
    tags = in_loop(None, 8, sql='SELECT "id" FROM "shop_tag" WHERE "a" = %s')
    recording = recorded(lookup, tags, writes(INSERT))
    assert not list(n_plus_one.find(Case(recording)))
    assert len(list(row_by_row_write.find(Case(recording)))) == 1


def test_a_lookup_at_the_same_call_is_a_loop_of_its_own_where_nothing_is_written():
    lookup = in_loop(Load(model="shop.Order", created_at=LOOP_LINE), 8)
    recording = recorded(lookup, writes(INSERT, 2))
    assert len(list(n_plus_one.find(Case(recording)))) == 1
    assert not list(row_by_row_write.find(Case(recording)))


def test_a_request_and_its_scope_are_named():
    assert FEED.name in the_only(writes(INSERT)).message
