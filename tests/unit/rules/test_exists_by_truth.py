"""Which rows are fetched, or counted, only to know whether there are any."""

from __future__ import annotations

from dataclasses import replace

from tests.unit.rules.loads import case, unread, use
from tests.unit.rules.recordings import POSTS, at, in_loop, once
from tests.unit.rules.sources import code

from nuages.cases import Case
from nuages.model import Finding, Load
from nuages.rules import exists_by_truth

TESTED = {"(tested)": 1}
TRUTH = Load(model="blog.Post", created_at=at(41, kind="truth"))
SEARCH = Load(model="blog.Post", created_at=at(41, kind="comparison"))
SIZES = {"id": 28, "title": 20}


def found(*parts, **options) -> list[Finding]:
    return list(exists_by_truth.find(case(*parts, **options)))


def the_only(*parts, **options) -> Finding:
    (finding,) = found(*parts, **options)
    return finding


def searched(**reads):
    return use(SEARCH, sizes=SIZES, reads={"id": 50, **reads}, asked={"(iterated)": 1})


class TestFinds:
    def test_rows_of_which_only_the_truth_was_asked(self):
        finding = the_only(once(TRUTH, 80), unread(TRUTH, 80, asked=TESTED))
        assert finding.message == (
            "Rows of Post are fetched only to know whether there are any: 80 in one GET /api/feed/"
        )
        assert finding.hint == (
            "ask the queryset with .exists() in place of its truth at blog/views.py:41"
        )
        assert finding.remedy.kind == "exists"

    def test_rows_that_a_template_tests(self):
        line = at(7, "blog/templates/feed.html", "", "template")
        finding = the_only(replace(once(POSTS), trigger=line), unread(POSTS, asked=TESTED))
        assert "at blog/templates/feed.html:7" in finding.hint

    def test_rows_that_are_searched_for_one(self):
        finding = the_only(once(SEARCH), searched())
        assert finding.message.startswith("Rows of Post are fetched only to look for one")
        assert ".contains(…) in place of `in` at blog/views.py:41" in finding.hint

    def test_bool_of_a_name_where_the_code_is_known(self, tmp_path):
        text = "\n" * 40 + "has = bool(posts)\n"
        known = code(tmp_path, blog__views=text)
        assert the_only(once(POSTS), unread(POSTS, asked=TESTED), code=known)

    def test_what_the_code_says_without_a_recording(self, tmp_path):
        text = "def feed(request):\n    if Post.objects.filter(live=True):\n        return 1\n"
        (finding,) = exists_by_truth.find(Case(code=code(tmp_path, blog__views=text)))
        assert finding.hint == "write Post.objects.filter(live=True).exists() at blog/views.py:2"
        assert finding.confidence == 0.7

    def test_a_count_that_is_compared_with_nothing(self, tmp_path):
        text = "ok = Post.objects.count() > 0\n"
        (finding,) = exists_by_truth.find(Case(code=code(tmp_path, blog__views=text)))
        assert finding.message == (
            ".count() of a queryset of Post counts all its rows to know whether there are any"
        )

    def test_one_place_once(self, tmp_path):
        text = "def feed(request):\n    if Post.objects.filter(live=True):\n        return 1\n"
        posts = replace(POSTS, created_at=at(2, kind="truth"))
        parts = once(posts, 80), unread(posts, 80, asked=TESTED)
        finding = the_only(*parts, code=code(tmp_path, blog__views=text))
        assert (finding.evidence.rows, finding.confidence) == (80, 0.9)


class TestStaysSilent:
    def test_on_rows_that_are_read_or_iterated(self):
        assert not found(once(TRUTH), use(TRUTH, asked=TESTED))
        assert not found(once(TRUTH), unread(TRUTH, asked={**TESTED, "(iterated)": 1}))

    def test_on_rows_that_are_searched_and_read(self):
        assert not found(once(SEARCH), searched(title=1))

    def test_on_rows_that_are_searched_and_gone_through(self):
        again = use(SEARCH, sizes=SIZES, reads={"id": 50}, asked={"(iterated)": 2})
        assert not found(once(SEARCH), again)

    def test_on_rows_that_are_counted(self):
        assert not found(once(TRUTH), unread(TRUTH, asked={**TESTED, "(counted)": 1}))

    def test_on_too_few_rows(self):
        assert not found(once(TRUTH, 2), unread(TRUTH, 2, asked=TESTED))

    def test_on_loops(self):
        group = in_loop(TRUTH, location=at(41, kind="truth"), shape="filtered", rows_max=5)
        assert not found(group, unread(TRUTH, asked=TESTED))

    def test_on_what_a_library_tests(self, tmp_path):
        assert not found(once(POSTS), unread(POSTS, asked=TESTED))
        known = code(tmp_path, blog__views="\n" * 40 + "table = Table(posts)\n")
        assert not found(once(POSTS), unread(POSTS, asked=TESTED), code=known)

    def test_on_requests_that_failed(self):
        assert not found(once(TRUTH), unread(TRUTH, asked=TESTED), statuses={"500": 1})


class TestRefuses:
    def test_without_uses_and_code(self):
        assert not found(once(TRUTH))

    def test_to_edit(self):
        assert the_only(once(TRUTH), unread(TRUTH, asked=TESTED)).fix.status == "none"
