"""The layout of what is inserted follows the layout that is there."""

from textwrap import dedent

import pytest

CASES = {
    "a line per call": (
        """\
        posts = (
            «Post.objects.filter(live=True)»
            .exclude(blog=None)
            .order_by("-created")
        )
        """,
        """\
        posts = (
            Post.objects.filter(live=True)
            .select_related("author")
            .exclude(blog=None)
            .order_by("-created")
        )
        """,
    ),
    "a line per call, the last one": (
        """\
        posts = (
            «Post.objects
            .filter(live=True)»
        )
        """,
        """\
        posts = (
            Post.objects
            .filter(live=True)
            .select_related("author")
        )
        """,
    ),
    "a line per call, one that ends the chain": (
        """\
        post = (
            «Post.objects.filter(live=True)
            .order_by("-created")
            .first()»
        )
        """,
        """\
        post = (
            Post.objects.filter(live=True)
            .order_by("-created")
            .select_related("author")
            .first()
        )
        """,
    ),
    "a comment at the end of the call's line": (
        """\
        posts = (
            «Post.objects.filter(live=True)»  # drafts are private
            # newest first
            .order_by("-created")
        )
        """,
        """\
        posts = (
            Post.objects.filter(live=True)  # drafts are private
            .select_related("author")
            # newest first
            .order_by("-created")
        )
        """,
    ),
    "arguments over several lines": (
        """\
        posts = «Post.objects.filter(
            live=True,
        )».order_by("-created")
        """,
        """\
        posts = Post.objects.filter(
            live=True,
        ).select_related("author").order_by("-created")
        """,
    ),
    "backslashes": (
        """\
        posts = «Post.objects.filter(live=True)» \\
            .order_by("-created")
        """,
        """\
        posts = Post.objects.filter(live=True) \\
            .select_related("author") \\
            .order_by("-created")
        """,
    ),
    "an argument per line": (
        """\
        posts = «Post.objects.select_related(
            "blog",
            "editor",  # may be null
        )»
        """,
        """\
        posts = Post.objects.select_related(
            "blog",
            "editor",  # may be null
            "author",
        )
        """,
    ),
    "an argument per line, no comma at the end": (
        """\
        posts = «Post.objects.select_related(
            "blog",
            "editor"  # may be null
        )»
        """,
        """\
        posts = Post.objects.select_related(
            "blog",
            "editor",  # may be null
            "author"
        )
        """,
    ),
    "the only argument on a line of its own": (
        """\
        posts = «Post.objects.select_related(
            "blog"
        )».all()
        """,
        """\
        posts = Post.objects.select_related(
            "blog",
            "author"
        ).all()
        """,
    ),
    "single quotes": (
        """\
        a = 'x', 'y', "it's"
        posts = «Post.objects.all()»
        """,
        """\
        a = 'x', 'y', "it's"
        posts = Post.objects.all().select_related('author')
        """,
    ),
}


@pytest.mark.parametrize(("marked", "expected"), CASES.values(), ids=CASES.keys())
def test_keeps_the_layout(joined, marked, expected):
    assert joined(marked) == dedent(expected)


def test_keeps_windows_line_ends_tabs_and_a_byte_order_mark(joined):
    marked = (
        "\ufeff# é\r\nif x:\r\n\tposts = (\r\n\t\t«Post.objects.all()»\r\n\t\t.reverse()\r\n\t)\r\n"
    )
    expected = (
        "\ufeff# é\r\nif x:\r\n\tposts = (\r\n\t\tPost.objects.all()\r\n"
        '\t\t.select_related("author")\r\n\t\t.reverse()\r\n\t)\r\n'
    )
    assert joined(marked) == expected


def test_finds_the_first_line_behind_a_byte_order_mark(joined):
    assert joined("«Post.objects.all()»".join(["", "\n"])) == (
        'Post.objects.all().select_related("author")\n'
    )


def test_keeps_form_feeds_and_a_missing_last_line_end(joined):
    marked = "x = 1\n\x0c\ny = «Post.objects.all()»  # \u2028 no line end here"
    expected = (
        'x = 1\n\x0c\ny = Post.objects.all().select_related("author")  # \u2028 no line end here'
    )
    assert joined(marked) == expected


def test_a_declared_encoding_is_no_hindrance(joined):
    marked = "# -*- coding: latin-1 -*-\né = «Post.objects.all()»\n"
    expected = '# -*- coding: latin-1 -*-\né = Post.objects.all().select_related("author")\n'
    assert joined(marked) == expected
