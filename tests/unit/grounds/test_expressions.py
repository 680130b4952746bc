"""Which node of the project's text a recorded location stands for, and what is around it."""

from __future__ import annotations

import ast
from pathlib import Path
from textwrap import dedent

import pytest

from nuages.code import Code
from nuages.grounds.expressions import Expression, expression_at, names_bound_in, root_name
from nuages.model import Location, OriginKind


def at(folder: Path, text: str, kind: OriginKind = "call") -> Expression | None:
    """The expression between « and », as a recording would give its location."""
    text = dedent(text)
    before, _, rest = text.partition("«")
    inside, _, after = rest.partition("»")
    (folder / "views.py").write_text(before + inside + after)
    start, end = before.split("\n"), (before + inside).split("\n")
    location = Location(
        file="views.py",
        line=len(start),
        column=len(start[-1]),
        end_line=len(end),
        end_column=len(end[-1]),
        kind=kind,
    )
    return expression_at(Code({".": str(folder)}), location)


def the(folder: Path, text: str, kind: OriginKind = "call") -> Expression:
    found = at(folder, text, kind)
    assert found is not None
    return found


class TestFinds:
    def test_a_call_its_method_and_its_receiver(self, tmp_path):
        found = the(tmp_path, "x = «post.author.save()»")
        assert found.method == "save"
        assert root_name(found.receiver) == "post"

    def test_a_call_that_is_waited_for(self, tmp_path):
        found = the(tmp_path, "async def f():\n    «await Post.objects.acreate(a=1)»\n", "await")
        assert found.method == "acreate"

    def test_the_last_call_of_a_chain_over_lines(self, tmp_path):
        text = """
            rows = (Post.objects
                .filter(a=1)
                .«count()»
            )
        """
        assert the(tmp_path, text).method == "count"

    def test_text_that_is_not_ascii(self, tmp_path):
        assert the(tmp_path, 'x = "Zoë", «post.save()»').method == "save"

    def test_what_a_for_goes_through_where_the_span_is_the_whole_statement(self, tmp_path):
        text = "«for post in Post.objects.all():\n    post.save()»\n"
        assert ast.unparse(the(tmp_path, text, "iterate").node) == "Post.objects.all()"

    def test_what_an_if_asks_where_the_span_is_the_whole_statement(self, tmp_path):
        text = "«if Post.objects.all():\n    f()»\n"
        assert ast.unparse(the(tmp_path, text, "truth").node) == "Post.objects.all()"

    def test_the_right_side_of_a_sum(self, tmp_path):
        assert the(tmp_path, "n = other() + «posts.count()»").method == "count"

    def test_function_and_decorators(self, tmp_path):
        text = "class A:\n    @property\n    def open(self):\n        return «self.b.count()»\n"
        found = the(tmp_path, text)
        assert found.function is not None
        assert (found.function.name, found.decorators) == ("open", {"property"})

    @pytest.mark.parametrize(
        "text",
        [
            "for a in b:\n    «a.save()»\n",
            "while a:\n    if b:\n        «a.save()»\n",
            "while «a.exists()»:\n    pass\n",
            "x = [«a.get()» for a in b]",
            "x = [a for a in b if «a.get()»]",
            "x = [c for a in b for c in «a.get()»]",
            "for a in b:\n    x = [c for c in «a.get()»]\n",
            "for a in b:\n    with c:\n        «a.save()»\n",
        ],
    )
    def test_a_loop_that_comes_back_to_it(self, tmp_path, text):
        assert the(tmp_path, text).loop is not None

    @pytest.mark.parametrize(
        "text",
        [
            "«a.save()»",
            "for a in «b.all()»:\n    pass\n",
            "x = [a for a in «b.all()»]",
            "for a in b:\n    pass\nelse:\n    «a.save()»\n",
            "for a in b:\n    def f():\n        «a.save()»\n",
            "for a in b:\n    f = lambda: «a.save()»\n",
        ],
    )
    def test_no_loop_that_comes_back_to_it(self, tmp_path, text):
        assert the(tmp_path, text).loop is None

    @pytest.mark.parametrize(
        ("text", "names"),
        [
            ("for a, b in c:\n    d = 1\n    «a.save()»\n", {"a", "b", "d"}),
            ("while (row := queue.get()):\n    «row.save()»\n", {"row"}),
            ("x = [«a.get()» for a in b for c in a]", {"a", "c"}),
        ],
    )
    def test_names_that_each_round_gives_another_value(self, tmp_path, text, names):
        loop = the(tmp_path, text).loop
        assert loop is not None
        assert names_bound_in(loop) == names


class TestIsNone:
    def test_where_the_code_is_not_at_hand(self):
        assert expression_at(Code(), Location(file="a.py", line=1, column=0)) is None

    def test_without_a_location_or_a_column(self, tmp_path):
        assert expression_at(Code({".": str(tmp_path)}), None) is None
        (tmp_path / "views.py").write_text("f()\n")
        assert expression_at(Code({".": str(tmp_path)}), Location(file="views.py", line=1)) is None

    def test_where_something_else_stands_there_now(self, tmp_path):
        (tmp_path / "views.py").write_text("x = 1  # and no call\n")
        location = Location(
            file="views.py", line=1, column=4, end_line=1, end_column=14, kind="call"
        )
        assert expression_at(Code({".": str(tmp_path)}), location) is None
