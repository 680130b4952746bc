"""Comments silence the finding of their line, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from nuages.errors import NuagesError
from nuages.silencing import silence

from .findings import at, diagnosed, found, reached, written


def kept(folder: Path, source: str, finding, **more) -> int:
    """How many findings are left with that source."""
    code = written(folder, shop__views=source)
    return len(silence(diagnosed(finding), code=code, **more).findings)


class TestSilences:
    @pytest.mark.parametrize(
        "comment",
        [
            "# nuages: ignore[n-plus-one]",
            "# nuages: ignore",
            "#nuages:ignore[n-plus-one]",
            "# nuages: ignore[over-fetch, n-plus-one]",
            "# noqa: E501  # nuages: ignore[n-plus-one] ten rows at most",
        ],
    )
    def test_at_the_line(self, tmp_path, comment):
        source = f"def feed():\n    for post in posts:\n        post.author.name  {comment}\n"
        assert kept(tmp_path, source, found(at(3))) == 0

    def test_above_the_line_when_alone_with_what_it_is_good_for(self, tmp_path):
        source = """
            def feed():
                for post in posts:
                    # nuages: ignore[n-plus-one]
                    # there are ten posts at most
                    post.author.name
            """
        assert kept(tmp_path, source, found(at(5))) == 0

    @pytest.mark.parametrize("line", [2, 3, 4, 5, 6])
    def test_at_any_line_of_the_chain_that_it_is_part_of(self, tmp_path, line):
        lines = [
            "def feed():",
            "    posts = (",
            "        Post.objects.filter(hidden=False)",
            "        .exclude(author=None)",
            '        .order_by("-created")',
            "    )",
        ]
        lines[line - 1] += "  # nuages: ignore[n-plus-one]"
        code = written(tmp_path, shop__views="\n".join(lines) + "\n")
        finding = found(at(9), created_at=at(5, end=5, column=8, end_column=29))
        assert silence(diagnosed(finding), code=code).findings == ()

    def test_at_what_triggers_it_in_a_template(self, tmp_path):
        code = written(
            tmp_path, page_html="<ul>\n{{ post.author }}{# nuages: ignore[n-plus-one] #}\n</ul>\n"
        )
        finding = found(None, trigger=at(2, "page.html", function="", kind="template"))
        assert silence(diagnosed(finding), code=code).findings == ()

    def test_above_a_line_of_a_template(self, tmp_path):
        code = written(tmp_path, page_html="{# nuages: ignore #}\n{{ post.author }}\n")
        finding = found(None, trigger=at(2, "page.html", function="", kind="template"))
        assert silence(diagnosed(finding), code=code).findings == ()

    def test_an_item_of_a_setting_or_all_of_it(self, tmp_path):
        source = """
            MIDDLEWARE = [
                "a",
                "b",  # nuages: ignore[idle-middleware]
            ]
            """
        finding = found(at(3, function=""), "idle-middleware", path=None)
        assert kept(tmp_path, source, finding) == 0
        whole = source.replace("= [", "= [  # nuages: ignore[idle-middleware]")
        assert kept(tmp_path, whole, found(at(2, function=""), "idle-middleware")) == 0

    def test_in_the_same_function_once_lines_have_moved_since_the_recording(self, tmp_path):
        source = """
            import datetime

            def feed():
                for post in posts:
                    post.author.name  # nuages: ignore[n-plus-one]
            """
        recording = reached(at(3), files={".:shop/views.py": sha256(b"as it was").hexdigest()})
        assert kept(tmp_path, source, found(at(3)), recording=recording) == 0

    def test_what_is_silenced_is_counted(self, tmp_path):
        code = written(tmp_path, shop__views="x = 1  # nuages: ignore\n")
        result = silence(diagnosed(found(at(1, function=""))), code=code)
        assert result.silenced == {"comment": 1}


class TestSpeaksOn:
    @pytest.mark.parametrize(
        "line",
        [
            "post.author.name  # nuages: ignore[over-fetch]",
            'post.get("# nuages: ignore[n-plus-one]")',
            "post.author.name  # nuages: ignored by nobody",
            "post.author.name  # ignore[n-plus-one]",
        ],
    )
    def test_other_rules_and_other_words(self, tmp_path, line):
        assert kept(tmp_path, f"def feed():\n    {line}\n", found(at(2))) == 1

    def test_a_neighbouring_line(self, tmp_path):
        source = "def feed():\n    a = 1  # nuages: ignore\n    post.author.name\n    b = 1\n"
        assert kept(tmp_path, source, found(at(3))) == 1

    def test_another_item_of_a_setting(self, tmp_path):
        source = 'MIDDLEWARE = [\n    "a",\n    "b",  # nuages: ignore\n    "c",\n]\n'
        assert kept(tmp_path, source, found(at(2, function=""))) == 1

    def test_the_body_of_a_loop_whose_head_is_ignored(self, tmp_path):
        source = "for post in posts:  # nuages: ignore\n    post.author.name\n"
        assert kept(tmp_path, source, found(at(2, function=""))) == 1

    def test_another_function_of_a_file_that_has_changed(self, tmp_path):
        source = "def other():\n    x.y  # nuages: ignore[n-plus-one]\n\ndef feed():\n    a.b\n"
        recording = reached(at(3), files={".:shop/views.py": "0"})
        assert kept(tmp_path, source, found(at(9)), recording=recording) == 1

    def test_a_library_of_which_no_source_is_known(self, tmp_path):
        place = at(1, "lib/x.py", root="")
        assert kept(tmp_path, "", found(place)) == 1


class TestRefuses:
    @pytest.mark.parametrize(
        ("comment", "message", "hint"),
        [
            ("ignore[n-plus-on]", "shop/views.py:1: there is no rule 'n-plus-on'.", "n-plus-one?"),
            ("ignore[]", "names no rule, or lacks its bracket", "ignore[rule"),
            ("ignore[n-plus-one", "names no rule, or lacks its bracket", "ignore[rule"),
        ],
    )
    def test_what_names_no_rule(self, tmp_path, comment, message, hint):
        with pytest.raises(NuagesError) as error:
            kept(tmp_path, f"x = 1  # nuages: {comment}\n", found(at(9)))
        assert message in error.value.message
        assert hint in error.value.hint
        assert error.value.slug == "unknown-rule"


class TestStale:
    SOURCE = "def feed():\n    a.b  # nuages: ignore[n-plus-one]\n    return c\n"

    def stale(self, folder, recording, *findings):
        code = written(folder, shop__views=self.SOURCE)
        return silence(diagnosed(*findings), code=code, recording=recording).stale

    def test_where_the_function_was_reached_and_nothing_was_found(self, tmp_path):
        (ignore,) = self.stale(tmp_path, reached(at(3)))
        assert ignore.by == "comment"
        assert ignore.text == "nuages: ignore[n-plus-one]"
        assert ignore.where == "shop/views.py:2"

    def test_only_the_rule_of_it_that_found_nothing(self, tmp_path):
        self.SOURCE = self.SOURCE.replace("[n-", "[over-fetch, n-")
        (ignore,) = self.stale(tmp_path, reached(at(3)), found(at(2)))
        assert ignore.text == "nuages: ignore[over-fetch]"

    def test_not_while_it_silences(self, tmp_path):
        assert self.stale(tmp_path, reached(at(2)), found(at(2))) == ()

    def test_not_where_nothing_was_reached(self, tmp_path):
        assert self.stale(tmp_path, reached(at(3, function="other"))) == ()
        assert self.stale(tmp_path, reached(at(3, "shop/other.py"))) == ()

    def test_not_without_a_recording_nor_by_a_light_one(self, tmp_path):
        assert self.stale(tmp_path, None) == ()
        assert self.stale(tmp_path, reached(at(3), mode="light")) == ()

    def test_not_in_a_file_that_has_changed(self, tmp_path):
        recording = replace(reached(at(3)), files={".:shop/views.py": "0"})
        assert self.stale(tmp_path, recording) == ()

    def test_by_a_rule_that_needs_no_recording(self, tmp_path):
        self.SOURCE = self.SOURCE.replace("n-plus-one", "local-file, n-plus-one")
        code = written(tmp_path, shop__views=self.SOURCE)
        read = replace(diagnosed(), decided=frozenset({"local-file"}))
        (ignore,) = silence(read, code=code).stale
        assert ignore.text == "nuages: ignore[local-file]"

    def test_not_by_such_a_rule_where_settings_are_written(self, tmp_path):
        code = written(tmp_path, shop__settings="MEDIA_ROOT = 1  # nuages: ignore[local-file]\n")
        read = replace(diagnosed(), decided=frozenset({"local-file"}))
        assert silence(read, code=code).stale == ()
