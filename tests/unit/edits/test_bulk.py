"""Rows written one at a time in a loop are written together, where that is surely the same."""

from __future__ import annotations

from textwrap import dedent

import pytest
from tests.unit.edits.spans import edited

from nuages.codemod import Refusal
from nuages.model import Remedy, RemedyKind


def written(marked: str, kind: RemedyKind = "bulk_update", model: str = "Note") -> str:
    return edited(marked, kind, Remedy(kind=kind, code=model))


CREATED = {
    "in a loop": (
        """\
        def tell(post):
            for follow in post.followers.all():
                if follow.live:
                    «Note.objects.create(
                        to=follow.user,  # whom
                        **more,
                    )»

            return 1
        """,
        """\
        def tell(post):
            notes = []
            for follow in post.followers.all():
                if follow.live:
                    notes.append(Note(
                        to=follow.user,  # whom
                        **more,
                    ))
            Note.objects.bulk_create(notes, batch_size=1000)

            return 1
        """,
    ),
    "at the end of a file, of a module": (
        """\
        def tell(notes):
            for user in users:
                «models.Note.objects.create(to=user)»  # each
        """,
        """\
        def tell(notes):
            new_notes = []
            for user in users:
                new_notes.append(models.Note(to=user))  # each
            models.Note.objects.bulk_create(new_notes, batch_size=1000)
        """,
    ),
}


@pytest.mark.parametrize(("source", "expected"), CREATED.values(), ids=CREATED.keys())
def test_creates_together(source, expected):
    assert written(source, "bulk_create") == dedent(expected)


UPDATED = {
    "all the same": (
        """\
        def read(request):
            now = timezone.now()
            mine = Note.objects.filter(to=request.user)
            for note in mine:
                note.read_at = now
                note.by = "web"
                «note.save(update_fields=["read_at", "by"])»
            return now
        """,
        """\
        def read(request):
            now = timezone.now()
            mine = Note.objects.filter(to=request.user)
            mine.update(read_at=now, by="web")
            return now
        """,
    ),
    "all the same, of a queryset without a name": (
        """\
        def read(request):
            for note in Note.objects.filter(to=request.user).order_by("pk"):
                note.by = 1
                «note.save()»
        """,
        """\
        def read(request):
            Note.objects.filter(to=request.user).order_by("pk").update(by=1)
        """,
    ),
    "each its own": (
        """\
        def number(request):
            for place, note in enumerate(notes):
                pass
            for note in Note.objects.all():
                if note.live:
                    note.text = note.text.strip()
                    «note.save(update_fields=("text",))»
        """,
        """\
        def number(request):
            for place, note in enumerate(notes):
                pass
            changed_notes = {}
            for note in Note.objects.all():
                if note.live:
                    note.text = note.text.strip()
                    changed_notes[note.pk] = note
            Note._default_manager.bulk_update(changed_notes.values(), ["text"], batch_size=1000)
        """,
    ),
    "the same, of rows that are looked at afterwards": (
        """\
        def number(request):
            notes = Note.objects.all()
            for note in notes:
                note.by = 1
                «note.save()»
            return notes
        """,
        """\
        def number(request):
            notes = Note.objects.all()
            changed_notes = {}
            for note in notes:
                note.by = 1
                changed_notes[note.pk] = note
            Note._default_manager.bulk_update(changed_notes.values(), ["by"], batch_size=1000)
            return notes
        """,
    ),
    "the same, of a slice": (
        """\
        def number(request):
            for note in Note.objects.all()[:5]:
                note.by = 1
                «note.save()»
        """,
        """\
        def number(request):
            changed_notes = {}
            for note in Note.objects.all()[:5]:
                note.by = 1
                changed_notes[note.pk] = note
            Note._default_manager.bulk_update(changed_notes.values(), ["by"], batch_size=1000)
        """,
    ),
}


@pytest.mark.parametrize(("source", "expected"), UPDATED.values(), ids=UPDATED.keys())
def test_updates_together(source, expected):
    assert written(source) == dedent(expected)


LOOP = "def f(rows):\n    for row in Note.objects.all():\n        {}\n"
REFUSED: dict[str, tuple[RemedyKind, str, str]] = {
    "the row is used": ("bulk_create", "x = «Note.objects.create(a=1)»", "is used in the loop"),
    "of a related manager": (
        "bulk_create", "«row.notes.create(a=1)»", "not written by Note.objects.create()",
    ),
    "of another model": (
        "bulk_create", "«Post.objects.create(a=1)»", "not written by Note.objects.create()",
    ),
    "by its constructor": ("bulk_create", "«Note(a=1)»", "not written by create()"),
    "in an order of arguments": ("bulk_create", "«Note.objects.create(row)»", "has no name"),
    "of what is there": (
        "bulk_create", "«Note.objects.get_or_create(a=1)»", "not written by Note.objects.create()",
    ),
    "asked for meanwhile": (
        "bulk_create", "Note.objects.count(); «Note.objects.create(a=1)»", "is asked for",
    ),
    "left early": (
        "bulk_create", "if row: return 1\n        «Note.objects.create(a=1)»", "may be left",
    ),
    "handled one by one": (
        "bulk_create", "try: «Note.objects.create(a=1)»\n        except Taken: pass", "handled",
    ),
    "a transaction each": (
        "bulk_create", "with atomic():\n            «Note.objects.create(a=1)»", "a block be left",
    ),
    "of another row": ("bulk_update", "other.a = 1; «other.save()»", "not what the loop goes"),
    "of what hangs on it": ("bulk_update", "row.x.a = 1; «row.x.save()»", "save() of an instance"),
    "set elsewhere": ("bulk_update", "fill(row); «row.save()»", "can't be told"),
    "set by a method": ("bulk_update", "row.a = 1; row.touch(); «row.save()»", "can't be told"),
    "nothing seen to be set": ("bulk_update", "«row.save()»", "can't be told"),
    "set twice": ("bulk_update", "row.a = 1; row.a = 2; «row.save()»", "in several places"),
    "elsewhere": ("bulk_update", "row.a = 1; «row.save(using=db)»", "told more than"),
    "names of a variable": (
        "bulk_update", "row.a = 1; «row.save(update_fields=names)»", "from update_fields",
    ),
    "what it gives is used": ("bulk_update", "row.a = 1; x = «row.save()»", "is used"),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "body", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_refuses(kind, body, reason):
    with pytest.raises(Refusal) as refusal:
        written(LOOP.format(body), kind)
    assert reason in refusal.value.reason


def test_refuses_a_model_that_is_not_imported():
    source = "def f():\n    for row in qs:\n        row.a = row.b\n        «row.save()»\n"
    with pytest.raises(Refusal, match="Note is not imported there"):
        written(source)


def test_refuses_what_is_streamed():
    loop = LOOP.replace("all()", "iterator()")
    with pytest.raises(Refusal, match="streamed"):
        written(loop.format("row.a = 1; «row.save()»"))
