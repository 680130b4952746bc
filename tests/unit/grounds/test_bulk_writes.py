"""What forbids that rows are written together."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from nuages.cases import Case
from nuages.code import Code
from nuages.grounds.bulk_writes import forbidden
from nuages.loops import Loop
from nuages.model import (
    FieldFacts,
    ModelFacts,
    QueryGroup,
    Recording,
    Scope,
    Statement,
)

PAGE = Scope(kind="request", name="POST /notes/")
NOTE = ModelFacts(
    label="notes.Note",
    table="notes_note",
    file="notes/models.py",
    line=4,
    fields=(FieldFacts(name="made", column="made", kind="DateTimeField"),),
)
MODELS = "class Note(Model):\n    made = DateTimeField(default=now)\n"


def group(sql: str, loops: int = 1, scope: Scope = PAGE) -> QueryGroup:
    statement = Statement(sql=sql, verb=sql.split()[0])
    return QueryGroup(scope=scope, statement=statement, location=None, loops=loops)


INSERT = group('INSERT INTO "notes_note" ("text") VALUES (%s)')


@pytest.fixture
def reason(tmp_path: Path):
    def judged(
        model: ModelFacts | None = NOTE,
        verb: str = "INSERT",
        *others: QueryGroup,
        models: str = MODELS,
        written: QueryGroup = INSERT,
    ) -> str:
        (tmp_path / "notes").mkdir(exist_ok=True)
        (tmp_path / "notes" / "models.py").write_text(models)
        recording = Recording(groups=(written, *others))
        case = Case(recording=recording, code=Code({".": str(tmp_path)}))
        return forbidden(model, verb, Loop(groups=(written,), lineage=None), case)

    return judged


def test_nothing_forbids_it(reason):
    assert reason() == ""
    assert reason(NOTE, "UPDATE") == ""


def test_reading_once_or_elsewhere_does_not(reason):
    select = 'SELECT "notes_note"."id" FROM "notes_note"'
    other = Scope(kind="request", name="GET /")
    assert reason(NOTE, "INSERT", group(select, 0), group(select, 1, other)) == ""


def test_reading_in_a_loop_does(reason):
    read = group('SELECT "notes_note"."id" FROM "notes_note"')
    assert "read such rows" in reason(NOTE, "INSERT", read)


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (None, "is not known"),
        (replace(NOTE, file=""), "is not known"),
        (replace(NOTE, signals=("post_save",)), "post_save of Note"),
        (replace(NOTE, overrides=("save",)), "Note.save()"),
        (replace(NOTE, parents=("notes.Text",)), "several tables"),
        (replace(NOTE, table="notes_other"), "other models"),
    ],
)
def test_what_the_model_says(reason, model, said):
    assert said in reason(model)


def test_a_date_of_a_base_class_may_be_set_by_save(reason):
    assert "made may be set by save()" in reason(
        NOTE, "UPDATE", models="class Note(Stamped): ...\n"
    )
    assert reason(NOTE, "INSERT", models="class Note(Stamped): ...\n") == ""


def test_a_date_that_is_set_by_save(reason):
    models = "class Note(Model):\n    made = DateTimeField(auto_now=True)\n"
    assert "auto_now of made" in reason(NOTE, "UPDATE", models=models)


def test_a_manager_or_a_field_of_its_own(reason):
    manager = MODELS + "class Notes(Manager):\n    def create(self, **given): ...\n"
    assert "a manager of the project" in reason(models=manager)
    field = MODELS + "class Slug(Field):\n    def pre_save(self, row, add): ...\n"
    assert "may be set by save()" in reason(NOTE, "UPDATE", models=field)
