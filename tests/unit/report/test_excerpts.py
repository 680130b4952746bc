"""Excerpts show the lines around a span and mark exactly the span."""

from __future__ import annotations

import pytest

from nuages.model import Location
from nuages.report.excerpts import LINE_CHARACTERS, Excerpts, Line

from .sample_findings import SELECTORS, TRENDING, VIEWS, VISIBLE_POSTS, at
from .samples import SOURCES

SAMPLES = Excerpts(SOURCES)


def marked(lines: tuple[Line, ...]) -> list[str]:
    found = ("".join(p.text for p in line.pieces if p.marked) for line in lines)
    return [text for text in found if text]


def text(line: Line) -> str:
    return "".join(piece.text for piece in line.pieces)


def around(source: str, **location) -> tuple[Line, ...]:
    return Excerpts({".:m.py": source}).around(Location(file="m.py", **location))


@pytest.mark.parametrize(
    ("file", "expression"),
    [(VIEWS, "post.author.profile"), (TRENDING, "{{ post.topic.name }}"),
     (VIEWS, 'Post.objects.filter(body__icontains=term)')],
)  # fmt: skip
def test_the_span_is_marked(file, expression):
    location = at(file, expression)
    lines = SAMPLES.around(location)
    assert marked(lines) == [expression]
    assert [line.number for line in lines if line.marked] == [location.line]


def test_a_chain_is_marked_line_by_line_without_its_indentation():
    chain = at(SELECTORS, VISIBLE_POSTS)
    assert marked(SAMPLES.around(chain))[1:] == [".exclude(hidden=True)", '.order_by("-created")']


def test_the_common_indentation_is_left_out():
    lines = around(
        "if a:\n        b\n\n            c\n", line=2, column=8, end_line=2, end_column=9
    )
    assert [text(line) for line in lines] == ["if a:", "        b", "", "            c"]
    lines = around("\n\n\n\n\n        b\n\n            c\n", line=6)
    assert [text(line) for line in lines] == ["b", "", "    c"]


def test_without_columns_the_line_is_marked():
    assert marked(around("x = 1\n    y = 2  \n", line=2)) == ["y = 2"]


@pytest.mark.parametrize("line", [0, 3, 99])
def test_a_line_that_is_not_there_has_no_excerpt(line):
    assert around("a\nb", line=line) == ()


def test_a_file_that_is_not_there_has_no_excerpt():
    assert SAMPLES.around(Location(file="gone.py", line=1)) == ()


def test_columns_beyond_the_line_mark_nothing_and_do_not_fail():
    assert marked(around("ab\ncd", line=1, column=7, end_line=1, end_column=9)) == []


def test_a_long_line_is_shown_around_its_span():
    source = f"x = [{'1, ' * 500}here, {'2, ' * 500}]"
    start = source.index("here")
    (line,) = around(source, line=1, column=start, end_line=1, end_column=start + 4)
    assert marked((line,)) == ["here"]
    assert text(line).startswith("… ")
    assert text(line).endswith(" …")
    assert len(text(line)) <= LINE_CHARACTERS + 4


def test_a_long_span_is_cut():
    source = "f(\n" + "a,\n" * 100 + ")"
    assert len(around(source, line=1, column=0, end_line=102, end_column=1)) == 15


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_lines_are_counted_as_python_counts_them(newline):
    source = newline.join(["a = 'form\x0cfeed\u2028'", "b", "c"])
    lines = around(source, line=2, column=0, end_line=2, end_column=1)
    assert [line.number for line in lines] == [1, 2, 3]
    assert marked(lines) == ["b"]


def test_source_that_does_not_parse_is_quoted_as_it_is():
    source = 'def (:\n  """open\n\tb {% $ \x00'
    assert [text(line) for line in around(source, line=1)] == source.split("\n")
