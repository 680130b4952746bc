"""The text of places in the project's code."""

from __future__ import annotations

from tests.unit.rules.recordings import at
from tests.unit.rules.sources import code

TEXT = """\
class Posts:
    rows = Post.objects.all()

    def get(self):
        return [
            self.rows,
        ]


LAST = 1
"""


def test_the_innermost_function_or_class_around_a_place(tmp_path):
    known = code(tmp_path, blog__views=TEXT)
    assert known.text_around(at(6)).startswith("    def get(self):")
    assert known.text_around(at(6)).endswith("        ]")
    assert known.text_around(at(2)).startswith("class Posts:")
    assert known.text_around(at(10)) == TEXT


def test_the_lines_of_a_place(tmp_path):
    known = code(tmp_path, blog__views=TEXT)
    assert known.text_of(at(2)) == "    rows = Post.objects.all()"


def test_a_place_that_is_not_known_has_no_text(tmp_path):
    known = code(tmp_path, blog__views=TEXT)
    assert known.text_around(at(2, "other.py")) == known.text_of(at(2, "other.py")) == ""
    assert known.text_around(None) == ""
