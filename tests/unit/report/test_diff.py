"""A diff is read line by line as patch reads it."""

from __future__ import annotations

from nuages.report.diff import diff_lines

DIFF = """\
--- a/m.py
+++ b/m.py
@@ -1,4 +1,4 @@
 a
--- not a header
-posts = Post.objects.all()
+++ nor this
+posts = Post.objects.all().select_related("author")
 b
\\ No newline at end of file
--- a/n.py
+++ b/n.py
@@ -0,0 +1 @@
+new
"""


def test_headers_are_told_from_lines_that_look_like_them():
    assert [line.kind for line in diff_lines(DIFF)] == [
        "header", "header", "hunk", "", "removed", "removed", "added", "added", "", "",
        "header", "header", "hunk", "added",
    ]  # fmt: skip


def test_no_character_is_lost():
    assert "".join(f"{line.text}\n" for line in diff_lines(DIFF)) == DIFF


def test_what_differs_in_a_line_is_marked():
    lines = diff_lines(DIFF)
    assert [line.text[line.start : line.end] for line in lines if line.start < line.end][-1] == (
        '.select_related("author")'
    )


def test_no_diff_has_no_lines():
    assert diff_lines("") == []


def test_a_text_that_is_no_diff_is_kept():
    assert [line.text for line in diff_lines("what\n@@ is this")] == ["what", "@@ is this"]
