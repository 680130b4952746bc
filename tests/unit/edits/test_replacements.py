"""Another expression takes the place of one, in the layout that was there."""

from __future__ import annotations

import pytest

from nuages.codemod import Refusal
from nuages.codemod.draft import Draft
from nuages.edits import write
from nuages.model import Evidence, Finding, Location, OriginKind, Remedy, RemedyKind


def finding(
    source: str, old: str, new: str, remedy: RemedyKind = "count", kind: OriginKind | None = None
) -> Finding:
    start = source.index(old)
    first, last = source[:start].count("\n") + 1, source[: start + len(old)].count("\n") + 1
    location = Location(
        file="shelf/views.py",
        line=first,
        column=start - (source.rfind("\n", 0, start) + 1),
        end_line=last,
        end_column=start + len(old) - (source.rfind("\n", 0, start + len(old)) + 1),
        kind=kind,
    )
    return Finding(
        rule="count-by-len",
        message="",
        hint="",
        location=location,
        evidence=Evidence(),
        confidence=1,
        remedy=Remedy(kind=remedy, replaces=old if new else "", code=new),
    )


def edited(source: str, *findings: Finding) -> str:
    draft = Draft(source)
    for one in findings:
        write(draft, one)
    return draft.text


@pytest.mark.parametrize(
    ("source", "old", "new", "expected"),
    [
        ("n = len(A.objects.all())\n", "len(A.objects.all())", "A.objects.all().count()",
         "n = A.objects.all().count()\n"),
        ("n = len(\n    A.objects\n    .all()\n)\n", "len(\n    A.objects\n    .all()\n)",
         "A.objects\n    .all().count()", "n = (\n    A.objects\n    .all()\n    .count()\n)\n"),
        ("n = len(list(A.objects\n  .all()))\n", "len(list(A.objects\n  .all()))",
         "A.objects\n  .all().count()", "n = (A.objects\n  .all().count())\n"),
        ("if (A.objects\n    .all()):\n    pass\n", "A.objects\n    .all()",
         "A.objects\n    .all().exists()", "if (A.objects\n    .all().exists()):\n    pass\n"),
    ],
)  # fmt: skip
def test_it_stands_in_the_place_of_the_other(source, old, new, expected):
    assert edited(source, finding(source, old, new)) == expected
    compile(expected, "views.py", "exec")


def test_two_on_one_line_are_both_replaced():
    source = "x = len(A.objects.all()) + len(B.objects.all())\n"
    first = finding(source, "len(A.objects.all())", "A.objects.all().count()")
    second = finding(source, "len(B.objects.all())", "B.objects.all().count()")
    expected = "x = A.objects.all().count() + B.objects.all().count()\n"
    assert edited(source, first, second) == edited(source, second, first) == expected


def test_a_comment_is_not_lost():
    source = "n = len(  # of all\n    A.objects.all()\n)\n"
    old = source.removeprefix("n = ").rstrip("\n")
    with pytest.raises(Refusal, match="comment"):
        edited(source, finding(source, old, "A.objects.all().count()"))


def test_what_is_edited_already_is_refused():
    source = "n = len(A.objects.all())\n"
    one = finding(source, "len(A.objects.all())", "A.objects.all().count()")
    with pytest.raises(Refusal, match="another edit"):
        edited(source, one, one)


def test_a_queryset_with_a_name_is_asked_where_it_is_tested():
    source = "def f(posts):\n    if posts and True:\n        return len(posts)\n"
    tested = finding(source, "posts and", "", "exists", kind="truth")
    with pytest.raises(Refusal):
        edited(source, tested)
    plain = "def f(posts):\n    if not posts:\n        return 1\n"
    whole = finding(plain, "not posts", "", "exists", kind="truth")
    assert "if not posts.exists():" in edited(plain, whole)
    counted = finding(source, "len(posts)", "", "count", kind="call")
    assert "return posts.count()" in edited(source, counted)


def test_other_calls_are_not_counts():
    source = "n = size(posts)\n"
    with pytest.raises(Refusal, match="len"):
        edited(source, finding(source, "size(posts)", "", "count", kind="call"))
