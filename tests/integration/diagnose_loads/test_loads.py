"""What is said of the loads of a real project: views, templates, REST, admin, commands, async."""

from __future__ import annotations

import ast
from dataclasses import replace

import pytest
from tests.integration.diagnose_loads.conftest import PROJECT, RULES

from nuages.cases import Case
from nuages.model import Catalog, Facts, Table
from nuages.rules import deep_offset

# Route → rule, a part of the message, of the hint, and the remedy.
LOUD = {
    "GET /body_unread/": ("over-fetch", "Post.body is loaded", '.defer("body")', "defer"),
    "GET /body_unread_in_template/": ("over-fetch", "Post.body", '.defer("body")', "defer"),
    "GET /biography_joined/": (
        "over-fetch", "Author.biography", '.defer("author__biography")', "defer"
    ),
    "GET /biography_joined_in_template/": (
        "over-fetch", "Author.biography", '.defer("author__biography")', "defer"
    ),
    "GET /text_prefetched/": (
        "over-fetch", "Comment.text",
        'Prefetch("comments", queryset=Comment.objects.defer("text"))', "defer",
    ),
    "GET /text_of_own_prefetch/": ("over-fetch", "Comment.text", 'add .defer("text")', "defer"),
    "GET /comments_of_one/": ("over-fetch", "Comment.text", 'add .defer("text")', "defer"),
    "GET /sheet_titles/": ("over-fetch", "30 of 31 fields of Sheet", '.only("title")', "only"),
    "GET /body_unread_async/": ("over-fetch", "Post.body", '.defer("body")', "defer"),
    "GET /TitleList/": ("over-fetch", "Post.body", '.defer("body")', "defer"),
    "GET /author_joined_for_nothing/": (
        "unused-prefetch", '"author" of Post', 'take "author" out of .select_related()', "remove"
    ),
    "GET /author_joined_for_its_key/": (
        "unused-prefetch", '"author" of Post', 'take "author" out of .select_related()', "remove"
    ),
    "GET /two_joined_for_nothing/": (
        "unused-prefetch", '"author", "editor" of Post', "out of .select_related()", "remove"
    ),
    "GET /tags_prefetched_for_nothing/": (
        "unused-prefetch", '"tags" of Post', 'take "tags" out of .prefetch_related()', "remove"
    ),
    "GET /likes_prefetched_for_nothing/": (
        "unused-prefetch", '"comments__likes" of Post', '"comments__likes"', "remove"
    ),
    "GET /both_levels_for_nothing/": (
        "unused-prefetch", '"comments" of Post', 'take "comments__likes" out', "remove"
    ),
    "GET /joined_for_nothing_in_template/": (
        "unused-prefetch", '"editor" of Post', "out of .select_related()", "remove"
    ),
    "GET /joined_by_the_manager/": (
        "unused-prefetch", '"author" of Post', ".select_related(None)", "remove"
    ),
    "GET /KeyViewSet/": (
        "unused-prefetch", '"author" of Post', "out of .select_related()", "remove"
    ),
    "GET /counted_by_len/": ("count-by-len", "only to be counted: 24", ".count()", "count"),
    "GET /counted_by_len_at_once/": (
        "count-by-len", "len() of a queryset of Post",
        "Post.objects.filter(is_live=True).count()", "count",
    ),
    "GET /counted_in_template/": (
        "count-by-len", "only to be counted", "templates/number.html:1", "count"
    ),
    "GET /counted_at_the_end/": (
        "count-by-len", "a queryset of Comment", "Comment.objects.all().count()", "count"
    ),
    "GET /tested_by_truth/": ("exists-by-truth", "whether there are any: 24", "exists", "exists"),
    "GET /tested_by_truth_at_once/": (
        "exists-by-truth", "the truth of a queryset of Post",
        "Post.objects.filter(is_live=True).exists()", "exists",
    ),
    "GET /tested_in_template/": (
        "exists-by-truth", "whether there are any", "templates/any.html:1", "exists"
    ),
    "GET /tested_by_count/": (
        "exists-by-truth", ".count() of a queryset of Comment",
        'Comment.objects.filter(writer="me").exists()', "exists",
    ),
    "GET /looked_for/": ("exists-by-truth", "to look for one", ".contains(…)", "exists"),
    "GET /all_lines/": ("unbounded-result", "12,000 rows of shop_line", "paginate", "paginate"),
    "GET /all_texts/": ("unbounded-result", "12,000 rows", "stream them", "paginate"),
    "GET /choices_of_lines/": ("unbounded-result", "12,000 rows", "widget", "paginate"),
    "GET /LineList/": ("unbounded-result", "12,000 rows", "pagination_class", "paginate"),
    "GET /admin/shop/flag/": ("unbounded-result", "12,000 rows", "list_filter", "paginate"),
    "GET /far_page/": ("deep-offset", "OFFSET 11,580", ".filter(pk__lt=last_seen)", "paginate"),
}  # fmt: skip
SEVERAL = {
    "GET /admin/shop/post/": ["over-fetch", "over-fetch"],
    "manage.py loud_digest": ["deep-offset", "over-fetch", "unbounded-result"],
}


def functions(file):
    tree = ast.parse((PROJECT / "shop" / file).read_text())
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    return {node.name: node for node in tree.body if isinstance(node, kinds)}


QUIET = [
    *(
        f"GET /{name}/"
        for name, node in functions("quiet.py").items()
        if (isinstance(node, ast.ClassDef) and not name.endswith(("Form", "Serializer")))
        or (hasattr(node, "args") and [arg.arg for arg in node.args.args] == ["request"])
    ),
    "GET /admin/shop/comment/",
    "GET /admin/shop/country/",
    "manage.py quiet_digest",
]


@pytest.mark.parametrize("route", LOUD)
def test_what_is_loaded_for_nothing_is_named_with_its_edit(judged, route):
    rule, message, hint, remedy = LOUD[route]
    finding = judged.of(route, rule)
    assert message in finding.message
    assert hint in finding.hint
    assert finding.remedy.kind == remedy
    assert 0.5 <= finding.confidence <= 0.9


@pytest.mark.parametrize("route", LOUD)
def test_of_one_place_one_rule_speaks_once(judged, route):
    assert [finding.rule for finding in judged.by_route[route]] == [LOUD[route][0]]


@pytest.mark.parametrize("route", SEVERAL)
def test_each_queryset_of_a_route_has_its_own(judged, route):
    assert sorted(finding.rule for finding in judged.by_route[route]) == SEVERAL[route]


@pytest.mark.parametrize("route", QUIET)
def test_what_is_needed_is_left_alone(judged, route):
    scopes = {stats.scope.name for stats in judged.recording.scopes}
    assert route in scopes
    assert [finding.message for finding in judged.by_route[route]] == []


@pytest.mark.parametrize("route", LOUD)
def test_the_place_is_in_the_function_that_the_route_runs(judged, route):
    name = route.removeprefix("GET ").strip("/")
    if name not in functions("loud.py"):
        pytest.skip("a page of the admin")
    node, finding = functions("loud.py")[name], judged.of(route, LOUD[route][0])
    places = [finding.location, finding.created_at]
    assert any(node.lineno <= place.line <= node.end_lineno for place in places)


def test_nothing_is_said_of_what_belongs_to_no_route(judged):
    assert set(judged.by_route) <= {*LOUD, *SEVERAL, *QUIET}


def test_the_admin_is_told_where_its_querysets_are_made(judged):
    hints = {finding.hint for finding in judged.by_route["GET /admin/shop/post/"]}
    assert hints == {
        'add .defer("body") to get_queryset() of PostAdmin (shop/admin.py:9)',
        'add .defer("author__biography") to get_queryset() of PostAdmin (shop/admin.py:9)',
    }


def test_the_bytes_are_measured(judged):
    figures = judged.of("GET /text_prefetched/", "over-fetch").evidence.figures
    assert figures["unread_bytes_a_row"] == 2000
    assert figures["unread_bytes_a_request"] == 48 * 2000
    joined = judged.of("GET /joined_for_nothing_in_template/", "unused-prefetch").evidence
    assert joined.figures["instances_a_request"] == 12  # half of the posts have an editor


def test_a_prefetch_costs_its_own_queries(judged):
    evidence = judged.of("GET /tags_prefetched_for_nothing/", "unused-prefetch").evidence
    assert (evidence.calls, evidence.rows) == (1, 72)
    assert evidence.wall_ms > 0


def test_a_light_recording_says_nothing_of_uses(judged):
    case = Case(replace(judged.recording, mode="light", uses=()))
    spoken = {finding.rule for rule in RULES for finding in rule.find(case)}
    assert spoken == {"deep-offset", "unbounded-result"}


def test_without_the_code_places_are_told_by_what_was_recorded(judged):
    case = Case(judged.recording)
    routes = {r for rule in RULES for finding in rule.find(case) for r in finding.routes}
    assert routes <= {*LOUD, *SEVERAL}
    assert {"GET /counted_by_len_at_once/", "GET /tested_by_truth_at_once/"} <= routes


def test_pages_of_a_long_table_are_deep_though_nobody_went_there(judged):
    tables = {"shop_line": Table(name="shop_line", rows=500_000)}
    facts = Facts(catalogs={"default": Catalog(vendor="sqlite", tables=tables)})
    found = list(deep_offset.find(Case(judged.recording, facts)))
    long = [finding for finding in found if "500,000" in finding.message]
    assert {route for finding in long for route in finding.routes} == {
        "GET /LinePages/", "GET /page_of_lines/"
    }  # fmt: skip
    assert all("CursorPagination" in f.hint or "pk__lt" in f.hint for f in long)
