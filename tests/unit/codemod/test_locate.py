"""A recorded span is found again by its end and kind; what can't be found is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nuages.codemod import Refusal
from nuages.codemod.draft import Draft
from nuages.codemod.locate import expression_at
from nuages.model import Location

SOURCE = """\
posts = (
    Post.objects.filter(a=1)
    .order_by("b")
)
for post in posts.all():
    print(post)
"""
ORDER_BY = Location(
    file="v.py", line=3, column=4, end_line=3, end_column=18, function="", kind="call"
)


def at(location: Location, source: str = SOURCE) -> str:
    draft = Draft(source)
    syntax = draft.syntax(location.line)
    return syntax.code(expression_at(draft, syntax, location))


def test_a_chain_over_several_lines_is_found_by_its_end():
    # CPython's span of a method call starts at the method's name.
    assert at(ORDER_BY) == SOURCE[len("posts = ") : SOURCE.index("\nfor")]


@pytest.mark.parametrize(
    "place",
    [
        Location(file="v.py", line=5, column=0, end_line=6, end_column=15, kind="iterate"),  # 3.11
        Location(file="v.py", line=5, column=12, end_line=5, end_column=23, kind="iterate"),
    ],
)
def test_a_loop_is_found_by_its_statement_or_by_what_it_iterates(place):
    assert at(place) == "posts.all()"


def test_columns_count_characters_behind_a_byte_order_mark():
    place = replace(ORDER_BY, line=1, end_line=1, column=4, end_column=18)
    assert at(place, "\ufeffé = Post.mine(x=1) + 1\n") == "Post.mine(x=1)"


def test_two_edits_of_one_text_are_given_by_positions_in_the_original():
    from nuages.codemod.queryset import add_to_draft

    draft = Draft("a = Post.objects.get(pk=1); b = Tag.objects.all()\n")
    first = replace(ORDER_BY, line=1, end_line=1, column=4, end_column=26)
    second = replace(first, column=32, end_column=49)
    add_to_draft(draft, first, "select_related", "author")
    add_to_draft(draft, second, "select_related", "owner")
    add_to_draft(draft, first, "prefetch_related", "tags")
    assert draft.text == (
        'a = Post.objects.select_related("author").prefetch_related("tags").get(pk=1); '
        'b = Tag.objects.all().select_related("owner")\n'
    )


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        (replace(ORDER_BY, end_column=17), "no call ends at v.py:3"),
        (replace(ORDER_BY, kind="subscript"), "no subscript ends at v.py:3"),
        (replace(ORDER_BY, line=99, end_line=99), "line 99 is beyond the end of the file"),
        (replace(ORDER_BY, kind="template"), "no expression was recorded at v.py:3"),
        (replace(ORDER_BY, kind="field"), "no expression was recorded at v.py:3"),
        (replace(ORDER_BY, kind=None), "no expression was recorded at v.py:3"),
        (replace(ORDER_BY, column=None, end_column=None), "only the line was recorded at v.py:3"),
    ],
)
def test_refuses_what_it_can_not_find(place, reason):
    with pytest.raises(Refusal) as refusal:
        at(place)
    assert reason in refusal.value.reason


def test_refuses_a_file_that_does_not_parse():
    with pytest.raises(Refusal, match="the file does not parse"):
        at(ORDER_BY, "posts = (\n")
