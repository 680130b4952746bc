"""Views that are written one by one: of writes, locks, caches, counts."""

from __future__ import annotations

Edits = list[tuple[str, str]]

HEAD = '''"""Lists and writes of tickets, as JSON."""

from django.core.cache import cache
from django.db import transaction
from django.db.models import Count, Prefetch
from django.http import JsonResponse

from desk.models import Label, Note, Person, Ticket


def row(each):
    return {
        "title": each.title,
        "author": each.author.name,
        "editor": each.editor.name if each.editor else None,
        "notes": sorted(note.text for note in each.notes.all()),
        "labels": sorted(label.name for label in each.labels.all()),
    }


def changed(rows):
    for each in rows:
        each.score = 7
    return rows
'''
FOUR = "changed(list(Ticket.objects.order_by('pk')[:4]))"
SAVES = f"[each.save() for each in {FOUR}]"
MAKES = "[Label(name=f'new {n}') for n in range(6)]"
LOCK = "list(Ticket.objects.select_for_update().order_by('pk')[:1])"
MINE = "list(Ticket.objects.filter(owner=request.user.pk or 0).order_by('pk').values('title'))"
ANY = "any([t.score < 0 for t in Ticket.objects.all()])"
COUNTS = "[p.written.count() for p in Person.objects.order_by('pk')[:20]]"
ANNOTATED = "[p.n for p in Person.objects.annotate(n={}).order_by('pk')[:20]]"
NAMES = "[Person.objects.get(pk=t.author_id).name for t in Ticket.objects.order_by('pk')[:30]]"
LENGTH = "len(Ticket.objects.filter(public=True))"
TIMES = "[str(t.created) for t in Ticket.objects.order_by('pk')[:9]]"

# Expression of a view → wrong edits, right edits.
TABLE: dict[str, tuple[str, Edits, Edits]] = {
    "saves": (
        SAVES,
        [
            ("lost signal", f"Ticket.objects.bulk_update({FOUR}, ['score', 'slug'])"),
            ("lost save()", f"Ticket.objects.bulk_update({FOUR}, ['score'])"),
            ("lost signal", "Ticket.objects.filter(pk__lte=4).update(score=7)"),
            ("wrong batch", SAVES.replace("[:4]", "[:3]")),
            ("lost write", f"len({FOUR})"),
        ],
        [],
    ),
    "adds": (
        f"[each.save() for each in {MAKES}]",
        [
            ("wrong batch", f"Label.objects.bulk_create({MAKES}[:5])"),
            ("wrong batch", f"Label.objects.bulk_create({MAKES}[1:])"),
            ("wrong batch", f"Label.objects.bulk_create(2 * {MAKES})"),
            ("lost write", f"len({MAKES})"),
        ],
        [
            ("bulk_create", f"Label.objects.bulk_create({MAKES})"),
            ("bulk_create", f"Label.objects.bulk_create({MAKES}, batch_size=1000)"),
        ],
    ),
    "locked": (
        f"transaction.atomic()(lambda: len({LOCK}))()",
        [
            ("lost lock", "len(list(Ticket.objects.order_by('pk')[:1]))"),
            ("lost lock", "transaction.atomic()(lambda: len(Ticket.objects.order_by('pk')[:1]))()"),
        ],
        [],
    ),
    "mine": (
        MINE,
        [
            ("cached per user", f"cache.get_or_set('mine', lambda: {MINE})"),
            ("cached per user", f"cache.get_or_set(request.path, lambda: {MINE}, 60)"),
            ("lost permission", MINE.replace(".filter(owner=request.user.pk or 0)", "")),
        ],
        [
            ("cache", f"cache.get_or_set(f'mine{{request.user.pk}}', lambda: {MINE})"),
            ("cache", f"cache.get_or_set(('mine-%s' % request.user.pk), lambda: {MINE}, 60)"),
        ],
    ),
    "any_below": (
        ANY,
        [("negated exists", "not Ticket.objects.filter(score__lt=0).exists()")],
        [("exists", "Ticket.objects.filter(score__lt=0).exists()")],
    ),
    "counts": (
        COUNTS,
        [
            ("multiplied rows", ANNOTATED.format("Count('written__notes')")),
            ("wrong join", ANNOTATED.format("Count('edited')")),
            ("dropped filter", COUNTS.replace("written", "edited")),
        ],
        [
            ("annotate", ANNOTATED.format("Count('written')")),
            ("annotate", ANNOTATED.format("Count('written', distinct=True)")),
        ],
    ),
    "names": (
        NAMES,
        [
            (
                "lost duplicates",
                "[p.name for p in Person.objects.filter(written__in="
                "Ticket.objects.order_by('pk')[:30]).distinct().order_by('pk')]",
            ),
            ("missing rows", NAMES.replace("[:30]", "[:29]")),
        ],
        [
            ("joined", "[t.author.name for t in Ticket.objects.select_related('author')"
             ".order_by('pk')[:30]]"),
        ],
    ),
    "length": (
        LENGTH,
        [
            ("count on a slice", "Ticket.objects.filter(public=True)[:50].count()"),
            ("dropped filter", "Ticket.objects.count()"),
        ],
        [("count", "Ticket.objects.filter(public=True).count()")],
    ),
    "times": (
        TIMES,
        [
            ("format", TIMES.replace("str(t.created)", "t.created.isoformat()")),
            ("format", TIMES.replace("str(t.created)", "str(t.created.date())")),
        ],
        [("only", TIMES.replace("objects", "objects.only('created')"))],
    ),
}  # fmt: skip

# View → its body, the expression that is edited there, wrong edits, right edits.
EXPRESSIONS = {
    name: (f"said = {old}\nreturn JsonResponse({{'said': {said}}})", old, wrong, right)
    for name, (old, wrong, right) in TABLE.items()
    for said in ["True" if name in ("saves", "adds", "locked") else "said"]
}
