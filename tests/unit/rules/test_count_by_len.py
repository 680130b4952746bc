"""Which rows are fetched only for their number."""

from __future__ import annotations

from dataclasses import replace

from tests.unit.rules.loads import case, unread, use
from tests.unit.rules.recordings import FEED, POSTS, at, in_loop, once, prefetched
from tests.unit.rules.sources import code

from nuages.cases import Case
from nuages.model import Finding
from nuages.rules import count_by_len

CODE = "def feed(request):\n    return len(Post.objects.filter(live=True))\n"
COUNTED = {"(counted)": 1}


def found(*parts, **options) -> list[Finding]:
    return list(count_by_len.find(case(*parts, **options)))


def the_only(*parts, **options) -> Finding:
    (finding,) = found(*parts, **options)
    return finding


class TestFinds:
    def test_rows_of_which_only_the_number_was_asked(self):
        finding = the_only(once(POSTS, 80), unread(POSTS, 80, asked=COUNTED))
        assert finding.message == (
            "Rows of Post are fetched only to be counted: 80 in one GET /api/feed/"
        )
        assert (
            finding.hint == "ask the queryset with .count() in place of len() at blog/views.py:41"
        )
        assert finding.remedy.kind == "count"
        assert finding.evidence.wall_ms == 1

    def test_rows_whose_truth_was_asked_as_well(self):
        assert the_only(once(POSTS), unread(POSTS, asked={**COUNTED, "(tested)": 1}))

    def test_rows_that_a_template_counts(self):
        line = at(7, "blog/templates/feed.html", "", "template")
        finding = the_only(replace(once(POSTS), trigger=line), unread(POSTS, asked=COUNTED))
        assert "in place of |length at blog/templates/feed.html:7" in finding.hint

    def test_what_the_code_says_without_a_recording(self, tmp_path):
        (finding,) = count_by_len.find(Case(code=code(tmp_path, blog__views=CODE)))
        assert finding.hint == "write Post.objects.filter(live=True).count() at blog/views.py:2"
        assert finding.location.line == 2
        assert finding.evidence.calls == 0
        assert finding.confidence == 0.7

    def test_what_the_code_says_with_what_was_recorded_there_once(self, tmp_path):
        posts = replace(POSTS, created_at=at(2))
        parts = once(posts, 80), unread(posts, 80, asked=COUNTED)
        finding = the_only(*parts, code=code(tmp_path, blog__views=CODE))
        assert finding.message.endswith("for their number: 80 in one GET /api/feed/")
        assert (finding.evidence.calls, finding.confidence) == (1, 0.9)
        assert finding.routes == (FEED.name,)

    def test_len_of_a_name_where_the_code_is_known(self, tmp_path):
        text = "\n" * 40 + "n = len(posts)\n"
        parts = once(POSTS), unread(POSTS, asked=COUNTED)
        assert the_only(*parts, code=code(tmp_path, blog__views=text))


class TestStaysSilent:
    def test_on_rows_that_are_read(self):
        assert not found(once(POSTS), use(POSTS, asked=COUNTED))
        assert not found(once(POSTS), use(POSTS, used=1, asked=COUNTED))

    def test_on_rows_that_are_iterated_saved_or_streamed(self):
        for what in ("(iterated)", "(save)", "(streamed)", "(reached)"):
            assert not found(once(POSTS), unread(POSTS, asked={**COUNTED, what: 1}))

    def test_on_rows_that_nobody_asked_for(self):
        assert not found(once(POSTS), unread(POSTS))

    def test_on_too_few_rows(self):
        assert not found(once(POSTS, 2), unread(POSTS, 2, asked=COUNTED))

    def test_on_a_prefetched_relation(self):
        comments = prefetched(POSTS, "comments")
        assert not found(once(POSTS), once(comments, 50), unread(comments, asked=COUNTED))

    def test_on_loops(self, tmp_path):
        posts = replace(POSTS, created_at=at(2))
        loop = in_loop(posts, location=at(2), shape="filtered", rows_max=5)
        known = code(tmp_path, blog__views=CODE)
        assert not found(loop, unread(posts, asked=COUNTED), code=known)

    def test_on_what_a_generic_view_or_a_library_counts(self, tmp_path):
        view = replace(POSTS, created_at=at(9, function="PostList", kind="class"))
        assert not found(once(view), unread(view, asked=COUNTED))
        elsewhere = code(tmp_path, blog__views="\n" * 40 + "table = Table(posts)\n")
        assert not found(once(POSTS), unread(POSTS, asked=COUNTED), code=elsewhere)

    def test_on_a_template_of_a_library(self):
        line = at(7, "admin/list.html", "", "template", root="")
        group = replace(once(POSTS), trigger=line)
        assert not found(group, unread(POSTS, asked=COUNTED))

    def test_on_truth(self, tmp_path):
        assert not found(once(POSTS), unread(POSTS, asked={"(tested)": 1}))
        text = "ok = len(Post.objects.all()) > 0\n"
        assert not list(count_by_len.find(Case(code=code(tmp_path, views=text))))


class TestRefuses:
    def test_without_uses_and_code(self):
        assert not found(once(POSTS))

    def test_to_edit(self):
        assert the_only(once(POSTS), unread(POSTS, asked=COUNTED)).fix.status == "none"
