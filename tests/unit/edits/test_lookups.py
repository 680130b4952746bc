"""Rows looked up by key in a loop become one `in_bulk()` before it."""

from __future__ import annotations

from textwrap import dedent

import pytest
from tests.unit.edits.spans import edited

from nuages.codemod import Refusal


def looked_up(marked: str) -> str:
    return edited(marked, "in_bulk")


CASES = {
    "of a queryset of rows": (
        """\
        def trending(request):
            top = Like.objects.values("post").order_by("post")
            results = []
            # the busiest first
            for row in top[:20]:
                post = «Post.objects.get(pk=row["post"])»
                results.append(post.title)
            return results
        """,
        """\
        def trending(request):
            top = Like.objects.values("post").order_by("post")
            results = []
            # the busiest first
            rows = list(top[:20])
            posts = Post.objects.in_bulk({row["post"] for row in rows})
            for row in rows:
                post = posts.get(row["post"]) or Post.objects.get(pk=row["post"])
                results.append(post.title)
            return results
        """,
    ),
    "of a queryset with a name, in an expression": (
        """\
        def titles(request):
            notes = Note.objects.filter(live=True)
            posts = []
            for note in notes:
                if note.text:
                    posts.append(
                        «OldPost.objects.get(id=note.post_id)».title
                    )
        """,
        """\
        def titles(request):
            notes = Note.objects.filter(live=True)
            posts = []
            old_posts = OldPost.objects.in_bulk({note.post_id for note in notes})
            for note in notes:
                if note.text:
                    posts.append(
                        (old_posts.get(note.post_id) or OldPost.objects.get(id=note.post_id)).title
                    )
        """,
    ),
    "of pairs": (
        """\
        class Report:
            def rows(self):
                for number, pk in [(1, 2), (2, 3)]:
                    self.add_row(number, «Post.objects.get(pk=pk)»)
        """,
        """\
        class Report:
            def rows(self):
                found_rows = list([(1, 2), (2, 3)])
                posts = Post.objects.in_bulk({pk for number, pk in found_rows})
                for number, pk in found_rows:
                    self.add_row(number, posts.get(pk) or Post.objects.get(pk=pk))
        """,
    ),
}


@pytest.mark.parametrize(("source", "expected"), CASES.values(), ids=CASES.keys())
def test_fetches_them_together(source, expected):
    assert looked_up(source) == dedent(expected)


LOOP = """\
def view(request):
    {before}
    for row in {rows}:
        {body}
"""
GET = "post = «Post.objects.get(pk=row.post_id)»"


def of(body: str = GET, rows: str = "Like.objects.all()", before: str = "pass") -> str:
    return LOOP.format(body=body, rows=rows, before=before)


REFUSED = {
    "a generator may be empty the second time": (
        of(rows="likes()"), "can be gone through twice",
    ),
    "a parameter may be a generator": (of(rows="request"), "can be gone through twice"),
    "a queryset that is streamed": (
        of(rows="Like.objects.iterator()"), "can be gone through twice",
    ),
    "a name that is given something else, too": (
        of(rows="likes", before="likes = []; likes = found()"), "can be gone through twice",
    ),
    "the key is asked for by a call": (
        of("post = «Post.objects.get(pk=row.key())»"), "the key is computed",
    ),
    "the key is made in the loop": (
        of("pk = row.post_id; post = «Post.objects.get(pk=pk)»"), "of what the loop goes through",
    ),
    "the key is the same in each round": (
        of("post = «Post.objects.get(pk=request.pk)»"), "of what the loop goes through",
    ),
    "another condition": (
        of("post = «Post.objects.get(pk=row.post_id, live=True)»"), "by get(pk=…) of a manager",
    ),
    "by another field": (
        of("post = «Post.objects.get(slug=row.slug)»"), "by get(pk=…) of a manager",
    ),
    "of a related manager of the row": (
        of("post = «row.posts.get(pk=row.pk)»"), "by get(pk=…) of a manager",
    ),
    "of a queryset that is filtered": (
        of("post = «Post.objects.filter(live=True).get(pk=row.pk)»"), "of a manager alone",
    ),
    "locked": (
        of("post = «Post.objects.select_for_update().get(pk=row.pk)»"), "of a manager alone",
    ),
    "the row is saved": (of(f"{GET}; post.save()"), "rows are changed in the loop"),
    "other rows are": (of(f"{GET}; Post.objects.update(live=1)"), "rows are changed in the loop"),
    "the row is changed": (of(f"{GET}; post.title = 1"), "post is changed there"),
    "missing rows are handled": (
        of("try: post = «Post.objects.get(pk=row.pk)»\n        except Post.DoesNotExist: pass"),
        "an exception there may be handled",
    ),
    "no loop": ("def view(pk):\n    return «Post.objects.get(pk=pk)»\n", "no for statement"),
    "a comprehension": (
        "def view(rows):\n    return [«Post.objects.get(pk=row.pk)» for row in rows]\n",
        "the loop is not a for statement",
    ),
    "a while": (
        "def view(pk):\n    while pk:\n        «Post.objects.get(pk=pk)»\n",
        "the loop is not a for statement",
    ),
    "the module": ("for row in []:\n    «Post.objects.get(pk=row.pk)»\n", "no for statement"),
    "names are taken": (
        of(before="posts = posts_by_key = 1"), "the name posts is taken",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("source", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_refuses(source, reason):
    with pytest.raises(Refusal) as refusal:
        looked_up(source)
    assert reason in refusal.value.reason
