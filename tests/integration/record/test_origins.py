"""Which of the project's own expressions a query is blamed on."""

from __future__ import annotations

import sys
from collections import Counter

import pytest

CASES = {
    "fk": ("book.author", "attribute", "fk"),
    "not_ascii": ("book.author", "attribute", "not_ascii"),
    "comprehension": ("book.author", "attribute", "comprehension"),
    "generator": ("book.author", "attribute", "generator"),
    "anonymous": ("book.author", "attribute", "anonymous"),
    "nested": ("book.author", "attribute", "nested.<locals>.inner"),
    "reverse_fk": ("list(author.books.all())", "call", "reverse_fk"),
    "reverse_fk_counted": ("book.review_set.count()", "call", "reverse_fk_counted"),
    "reverse_fk_sliced": ("book.review_set.all()[:1][0]", "subscript", "reverse_fk_sliced"),
    "got": ("Author.objects.get(pk=pk)", "call", "got"),
    "deferred": ("book.summary", "attribute", "deferred"),
    "saved": ("book.save()", "call", "saved"),
    "pooled": ("executor.submit(Author.objects.count)", "call", "pooled"),
    "in_threads_of_asyncio": (
        "await asyncio.to_thread(Author.objects.count)", "await",
        "in_threads_of_asyncio.<locals>.main"),
    "nested_asynchronously": (
        "await Author.objects.aget(pk=pk)", "await", "nested_asynchronously.<locals>.one"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_the_origin_is_the_expression_that_caused_the_query(cases, case):
    text, kind, function = CASES[case]
    location = cases.loop(case).location
    assert cases.text(location) == text
    assert location.kind == kind
    assert location.function == function
    assert location.file == "shelf/cases.py"
    assert location.root == "."


@pytest.mark.parametrize(
    ("case", "kind"),
    [
        ("truth", "truth"), ("negated", "truth"), ("length", "call"), ("subscript", "subscript"),
        ("membership", "comparison"), ("unpacked", "iterate"), ("starred", "iterate"),
        ("chained_over_lines", "call"),
    ],
)  # fmt: skip
def test_the_kind_says_what_sort_of_node_the_span_ends(cases, case, kind):
    assert kind in {group.location.kind for group in cases.groups(case)}


def test_a_span_over_lines_ends_where_the_expression_ends(cases):
    [group] = cases.groups("chained_over_lines")
    text = cases.text(group.location)
    assert text.startswith("list(\n")
    assert text.endswith("\n    )")
    created_at = "Book.objects.filter(is_hidden=False, is_published=True)"
    assert cases.text(group.created_at) == created_at


def test_iterating_is_blamed_on_the_for_that_does_it(cases):
    location = cases.about("fk", "shelf.Book").location
    assert location.kind == "iterate"
    expected = "Book.objects.all()" if sys.version_info >= (3, 13) else "for book in Book."
    assert cases.text(location).startswith(expected)


def test_asynchronous_iteration_is_told_from_awaiting(cases):
    kinds = {
        (g.location.kind, g.shape) for g in cases.groups("asynchronously") if g.location.function
    }
    assert ("iterate", "all") in kinds
    assert ("await", "count") in kinds


def test_a_query_of_a_method_of_a_manager_was_created_by_its_caller(site):
    [group] = site.groups("GET /managed/")
    assert group.location.function == "BookQuerySet.newest"
    assert site.text(group.created_at) == "Book.objects.newest()"


def test_what_is_lazy_is_not_evaluated_by_the_recorder(cases):
    [group] = cases.groups("lazily")
    assert group.calls == 1
    assert group.location.function.endswith("Authors._setup")


def test_a_queryset_that_evaluates_itself_is_not_blamed(cases):
    case = "evaluated_in_a_way_of_its_own"
    blamed = [group.location for group in cases.groups(case)]
    assert [location.function for location in blamed] == [case] * 3
    assert len({location.line for location in blamed}) == 3


def test_transaction_control_is_recorded_and_makes_no_loop(cases):
    savepoints = [
        g
        for g in cases.recording.groups
        if g.scope.name == "transactions" and "SAVEPOINT" in g.statement.sql
    ]
    assert {(g.statement.sql, g.calls, g.loops) for g in savepoints} == {
        ("SAVEPOINT s", 4, 0),
        ("RELEASE SAVEPOINT s", 4, 0),
    }
    assert cases.scope("transactions").queries == 4


def test_raw_sql_has_its_literals_out(cases):
    group = cases.loop("by_hand")
    assert group.statement.sql == "SELECT title FROM shelf_book WHERE id = %s AND title <> %s"
    assert group.rows == 4


def test_rows_are_counted_however_they_are_fetched(cases):
    assert cases.scope("by_hand_iterated").rows == 5
    assert cases.scope("iterated").rows == 10
    assert cases.about("fk", "shelf.Book").rows_max == 5


def test_a_failing_query_is_recorded(cases):
    [group] = cases.groups("failing")
    assert (group.calls, group.rows, group.statement.verb) == (1, 0, "SELECT")


def test_files_are_recorded_with_their_hashes(cases):
    from hashlib import sha256

    digest = sha256((cases.root / "shelf" / "cases.py").read_bytes()).hexdigest()
    assert cases.recording.files[".:shelf/cases.py"] == digest


def test_the_recorder_had_no_faults_and_left_nothing_out(cases, site):
    for seen in (cases, site):
        assert "recorder_faults" not in seen.recording.meta
        assert seen.recording.cut == {}


def blamed(seen):
    """How often each expression, with its trigger, was blamed for each statement."""
    found = Counter()
    for group in seen.recording.groups:
        place = (group.scope, group.statement, group.location, group.trigger)
        found[place] += group.calls
    return found


def test_light_blames_the_same_expressions(cases, light_cases):
    assert blamed(light_cases) == blamed(cases)


def test_light_blames_the_same_lines_of_templates_views_and_serializers(site, light_site):
    assert blamed(light_site) == blamed(site)
