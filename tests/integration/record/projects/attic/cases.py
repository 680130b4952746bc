"""Reads of fields in every way; each function gives the same with and without a recorder."""

import copy
import json
import pickle

import django
from asgiref.sync import async_to_sync
from django.core.serializers import serialize
from django.db import connection
from django.db.models import FilteredRelation, Prefetch, Q
from django.forms import model_to_dict
from django.template import Context, Template

from attic.models import Drawer, Label, Letter, Note, Odd


def listed():
    return [note.title for note in Note.objects.order_by("id")]


def read_hotly():
    """The interpreter specialises these reads before the fields are watched."""
    notes = list(Note.objects.order_by("id"))
    for _ in range(200):
        for note in notes:
            note.title
    return [note.title for note in notes]


def read_of_one():
    notes = list(Note.objects.order_by("id"))
    return notes[0].body, [n.body for n in notes[:1]]


def counted():
    return len(Note.objects.order_by("id")), bool(Note.objects.order_by("id"))


def only_counted():
    return len(Note.objects.order_by("id"))


def only_tested():
    return "some" if Note.objects.order_by("id") else "none"


def listed_twice():
    notes = Note.objects.order_by("id")
    return [note.title for note in notes], [note.title for note in notes], len(notes)


def in_a_template(text, notes):
    return Template(text).render(Context({"notes": notes}))


def tested_in_a_template():
    return in_a_template("{% if notes %}some{% endif %}", Note.objects.order_by("id"))


def counted_in_a_template():
    return in_a_template("{{ notes|length }}", Note.objects.order_by("id"))


def answered_from_a_result():
    notes = Note.objects.order_by("id")
    return [n.title for n in notes], notes.count(), notes.exists(), notes[1].title


def picked():
    return Note.objects.get(pk=1).title, Note.objects.order_by("id").first().title


def joined_and_tested():
    notes = Note.objects.order_by("id").select_related("drawer")
    return [note.title for note in notes if note.drawer]


def reversed_and_looked_for():
    notes = Note.objects.order_by("id").select_related("letter")
    return [note.title for note in notes if hasattr(note, "letter")]


def prefetched_unread():
    drawers = Drawer.objects.order_by("id").prefetch_related("notes")
    return [len(drawer.notes.all()) for drawer in drawers]


def prefetched():
    drawers = Drawer.objects.order_by("id").prefetch_related("notes")
    return [note.title for drawer in drawers for note in drawer.notes.all()]


def prefetched_to_attr():
    chosen = Prefetch("notes", queryset=Note.objects.order_by("id"), to_attr="found")
    drawers = Drawer.objects.order_by("id").prefetch_related(chosen)
    return [note.body for drawer in drawers for note in drawer.found]


def prefetched_to_attr_unread():
    chosen = Prefetch("notes", queryset=Note.objects.order_by("id"), to_attr="found")
    return [len(d.found) for d in Drawer.objects.order_by("id").prefetch_related(chosen)]


def prefetched_forwards():
    return [n.drawer.label for n in Note.objects.order_by("id").prefetch_related("drawer")]


def nested_unread():
    drawers = Drawer.objects.order_by("id").prefetch_related("notes__stamps")
    return [drawer.label for drawer in drawers]


def joined():
    return [n.drawer.label for n in Note.objects.order_by("id").select_related("drawer")]


def joined_unread():
    return [n.title for n in Note.objects.order_by("id").select_related("drawer")]


def joined_in_part():
    """The attribute of a FilteredRelation, forwards and backwards."""
    some = FilteredRelation("drawer", condition=Q(drawer__depth=1))
    notes = Note.objects.annotate(some=some).select_related("some").order_by("id")
    first = FilteredRelation("notes", condition=Q(notes__title__startswith="Note"))
    drawers = Drawer.objects.annotate(first=first).select_related("first").order_by("id")
    return [n.some.label for n in notes], [d.first.title for d in drawers]


def deferred():
    return [(n.title, sorted(n.get_deferred_fields())) for n in Note.objects.only("title")]


def deferred_but_read():
    return [n.body for n in Note.objects.defer("body").order_by("id")]


def iterated():
    return [n.title for n in Note.objects.order_by("id").iterator(chunk_size=2)]


def raw():
    return [n.body for n in Note.objects.raw("SELECT * FROM attic_note ORDER BY id")]


def proxied():
    return [n.title for n in Label.objects.order_by("id")]


def inherited():
    return [(n.sender, n.title) for n in Letter.objects.order_by("pk")]


def parents_of_letters():
    return [n.body for n in Note.objects.filter(letter__isnull=False).order_by("id")]


def rendered():
    template = Template("{% for n in notes %}{{ n.title }} {{ n.drawer_id }}{% endfor %}")
    return template.render(Context({"notes": Note.objects.order_by("id")}))


def serialised():
    return serialize("json", Note.objects.order_by("id"), fields=["title"])


def in_a_form():
    return [model_to_dict(n, ["body"]) for n in Note.objects.order_by("id")]


def in_rest():
    from rest_framework import serializers

    class NoteSerializer(serializers.ModelSerializer):
        class Meta:
            model = Note
            fields = ["title", "drawer"]

    return json.dumps(NoteSerializer(Note.objects.order_by("id"), many=True).data)


def asynchronously():
    async def titles():
        return [note.title async for note in Note.objects.order_by("id")]

    return async_to_sync(titles)()


def saved():
    for note in Note.objects.order_by("id"):
        note.title = note.title + "!"
        note.save()


def saved_in_part():
    for note in Note.objects.order_by("id"):
        note.title = "new"
        note.save(update_fields=["title"])


def pickled():
    return [n.title for n in pickle.loads(pickle.dumps(list(Note.objects.order_by("id"))))]


def copied():
    return [copy.copy(n).title for n in Note.objects.order_by("id")]


def odd():
    rows = Odd.objects.order_by("id")
    return [(o.file.name, o.first_name, o.was_loaded, type(o).__name__) for o in rows]


def odd_amounts():
    return [o.amount + o.closed for o in Odd.objects.order_by("id")]


def odd_shouts():
    return [o.shouted for o in Odd.objects.order_by("id")]


def refreshed():
    note = Note.objects.order_by("id")[0]
    note.refresh_from_db()
    return note.title


def handled():
    """What the project sees of an instance and of its class."""
    note = Note.objects.order_by("id")[0]
    seen = [sorted(vars(note)), type(note).__name__, type(vars(Note)["title"]).__qualname__]
    note.title = "other"
    seen += [vars(note)["title"], Note.title.field.name, isinstance(note.__dict__, dict)]
    del note.title
    seen += ["title" in vars(note), note.title, "title" in vars(note)]
    del note.title
    try:
        del note.title
    except AttributeError as error:
        seen.append(type(error).__name__)
    return seen


def once_each():
    return Note.objects.count(), Note.objects.filter(title="none").exists()


def by_hand():
    found = []
    for number in (1, 2, 1):
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT title FROM attic_note WHERE id = {number}")
            while (row := cursor.fetchone()) is not None:
                found.append(row[0])
    return found


def rewritten():
    found = []
    for title in ("one", "one", "two"):
        Note.objects.filter(pk=1).update(title=title)
        found += list(Note.objects.filter(pk=1).values_list("title"))
    return found


def streamed_in_part():
    return next(iter(Note.objects.order_by("id").iterator(chunk_size=2))).pk


def new():
    note = Note(title="never loaded")
    return note.title, note.body, note.drawer_id


if django.VERSION >= (5, 0):
    from attic.models import Box

    def generated():
        return [box.area for box in Box.objects.order_by("id")]


CASES = [
    value
    for value in list(globals().values())
    if callable(value)
    and getattr(value, "__module__", "") == __name__
    and not value.__code__.co_argcount
]
