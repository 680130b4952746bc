"""`pytest --nuages` on a real project: budgets, the baseline, what is said and how it ends."""

from __future__ import annotations

import json
import re

import pytest

from .conftest import Project, copied

AUTHORS = 'SELECT … FROM "press_author" WHERE "press_author"."id" = %s LIMIT 21'


def baseline(kiosk) -> dict:
    return json.loads((kiosk.root / ".nuages-tests.json").read_text())


class TestCounts:
    def test_the_test_itself_and_no_set_up(self, with_baseline):
        """Five authors and papers, setUp, tearDown, a flush, content types: none of them counts."""
        tests = baseline(Project(with_baseline))["tests"]
        assert {test: known["queries"] for test, known in tests.items()} == {
            "tests/test_cases.py::Apart::test_model": 1,
            "tests/test_cases.py::Flushed::test_authors": 1,
            "tests/test_cases.py::Lists::test_async": 1,
            "tests/test_cases.py::Lists::test_model": 1,
            "tests/test_cases.py::Lists::test_papers": 1,
            "tests/test_lists.py::test_authors": 1,
            "tests/test_lists.py::test_nothing_asked": 0,
            "tests/test_lists.py::test_papers": 1,
        }

    def test_the_same_alone_light_in_any_order_and_by_workers(self, with_baseline, tmp_path):
        kiosk = copied(with_baseline, tmp_path)
        before = baseline(kiosk)
        for args in (
            ("--nuages-light", "-n", "2"),
            ("--nuages", "tests/test_lists.py", "tests/test_cases.py"),
            ("--nuages", "tests/test_cases.py::Lists::test_model"),
        ):
            kiosk.pytest("--nuages-update-baseline", *args)
            assert baseline(kiosk) == before

    def test_nothing_without_being_asked(self, kiosk):
        kiosk.configure("[tool.nuages.budgets]\nmax_queries = 0")
        assert "nuages" not in kiosk.pytest()
        assert not (kiosk.root / ".nuages").exists()


class TestBaseline:
    @pytest.fixture
    def kiosk(self, with_baseline, tmp_path):
        return copied(with_baseline, tmp_path)

    def test_a_run_that_asks_the_same_passes(self, kiosk):
        assert "nuages:" not in kiosk.pytest("--nuages")

    @pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
    def test_more_queries_fail_the_run_and_are_named(self, kiosk, workers):
        kiosk.loop()
        said = kiosk.pytest("--nuages", *workers, code=1)
        assert "nuages: more than in the baseline" in said
        assert "tests/test_lists.py::test_papers: 6 queries, 1 in the baseline" in said
        assert "tests/test_cases.py::Lists::test_papers: 5 queries, 1 in the baseline" in said
        changes = said.partition("What is asked more often:\n")[2].splitlines()
        where = "press/views.py:10 in papers"
        assert changes[0] == f"    +5 at most in 3 tests  GET /papers/  {AUTHORS}  {where}"
        assert "+" not in changes[1]
        assert "8 passed" in said

    def test_where_lines_went_and_which_columns_there_are_does_not_matter(self, kiosk):
        kiosk.edit("press/views.py", "def papers", "# a line\n\n\ndef papers")
        kiosk.edit("press/models.py", "    title =", "    pages = models.IntegerField(null=True)\n"
                   "    title =")  # fmt: skip
        kiosk.pytest("--nuages")
        before = baseline(kiosk)
        kiosk.pytest("--nuages-update-baseline")
        assert baseline(kiosk) == before

    def test_fewer_queries_and_new_tests_are_told_and_break_nothing(self, kiosk):
        kiosk.loop()
        kiosk.pytest("--nuages-update-baseline")
        kiosk.edit(
            "press/views.py", "objects.order_by", 'objects.select_related("author").order_by'
        )
        kiosk.edit("tests/test_lists.py", "def test_nothing_asked", "def test_nothing_at_all")
        said = kiosk.pytest("--nuages")
        assert "nuages: 3 tests asking less than the baseline, 1 test not in the baseline" in said

    def test_what_did_not_run_stays_and_what_is_gone_goes(self, kiosk):
        (kiosk.root / "tests" / "test_cases.py").unlink()
        kiosk.pytest("--nuages-update-baseline", "tests/test_lists.py::test_authors")
        assert [name.partition("::")[2] for name in baseline(kiosk)["tests"]] == [
            "test_authors", "test_nothing_asked", "test_papers",
        ]  # fmt: skip

    def test_what_a_failed_test_asked_is_not_judged(self, kiosk):
        kiosk.loop()
        kiosk.edit("tests/test_lists.py", "== 5", "== 6")
        said = kiosk.pytest("--nuages", "tests/test_lists.py", code=1)
        assert "in the baseline" not in said

    def test_times_are_compared_where_a_tolerance_is_given(self, kiosk):
        kiosk.configure("[tool.nuages.budgets]\ntime_tolerance = 1.0")
        kiosk.pytest("--nuages-update-baseline")
        assert set(baseline(kiosk)["times_ms"]) == {"GET /authors/", "GET /papers/"}
        kiosk.edit("press/views.py", "def papers(request):", "def papers(request):\n"
                   "    __import__('time').sleep(0.2)")  # fmt: skip
        said = kiosk.pytest("--nuages", code=1)
        assert re.search(r"GET /papers/: median 2\d\d\.\d ms a response, [\d.]+ ms in the", said)

    def test_a_file_that_is_none_ends_the_run(self, kiosk):
        said = kiosk.pytest("--nuages-baseline", "nope.json", code=4)
        assert "nope.json is not a baseline of tests" in said


class TestBudgets:
    def test_of_any_route(self, kiosk):
        kiosk.configure("[tool.nuages.budgets]\nmax_queries = 2")
        kiosk.pytest("--nuages")
        kiosk.loop()
        said = kiosk.pytest("--nuages", code=1)
        assert "nuages: over budget" in said
        assert "GET /papers/: 6 queries in one request, 2 allowed (budgets.max_queries)" in said
        assert "    in tests/test_lists.py::test_papers and 2 more" in said
        assert f"    5 × {AUTHORS}  press/views.py:10 in papers" in said

    def test_of_one_route_before_all_others(self, kiosk):
        kiosk.loop()
        kiosk.configure(
            "[tool.nuages.budgets]\nmax_queries = 2\n"
            '[tool.nuages.budgets.routes]\n"GET /papers/" = { max_queries = 6 }\n'
            '"GET *" = { max_queries = 1 }'
        )
        kiosk.pytest("--nuages")

    @pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
    def test_of_tests_by_table_and_by_marker(self, kiosk, workers):
        kiosk.loop()
        kiosk.configure('[tool.nuages.budgets.tests]\n"tests/*" = { max_queries = 5 }')
        kiosk.edit("tests/test_lists.py", "def test_authors", "@pytest.mark.nuages(max_queries=0)\n"
                   "def test_authors")  # fmt: skip
        said = kiosk.pytest("--nuages", "--strict-markers", *workers, code=1)
        papers = 'tests/test_lists.py::test_papers: 6 queries, 5 allowed (budgets.tests."tests/*")'
        assert papers in said
        assert "tests/test_lists.py::test_authors: 1 query, 0 allowed (its marker)" in said
        assert "test_cases.py" not in said

    def test_of_times(self, kiosk):
        kiosk.configure(
            "[tool.nuages.budgets.routes]\n"
            '"GET /papers/" = { response_ms = 0.01, query_ms = 0.0001 }\n'
            '"GET /authors/" = { response_ms = 60000, query_ms = 60000 }'
        )
        said = kiosk.pytest("--nuages-light", code=1)
        assert re.search(r"GET /papers/: p95 [\d.]+ ms a response, 0\.01 ms allowed", said)
        assert re.search(r"GET /papers/: p95 [\d.]+ ms a query, 0\.0001 ms allowed", said)
        assert "GET /authors/" not in said

    def test_a_wrong_key_ends_the_run_with_the_right_one(self, kiosk):
        kiosk.configure("[tool.nuages.budgets]\nmax_querys = 2")
        assert "did you mean max_queries?" in kiosk.pytest("--nuages", code=4)

    def test_a_wrong_marker_fails_its_test(self, kiosk):
        kiosk.edit("tests/test_lists.py", "def test_authors", "@pytest.mark.nuages(5)\n"
                   "def test_authors")  # fmt: skip
        assert "@pytest.mark.nuages(5): expected max_queries=" in kiosk.pytest(code=1)


def test_the_workers_of_xdist_warn_of_nothing(kiosk):
    kiosk.pytest("--nuages", "-n", "2", "-W", "error")
