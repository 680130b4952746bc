"""Ids are made of what they show, and none is given twice."""

from __future__ import annotations

from nuages.model import Statement
from nuages.report.links import anchor, finding_ids, route_ids, statement_id

from .sample_findings import FINDINGS


def test_words_make_an_id():
    assert anchor("route", "GET /posts/<int:pk>/") == "route-get-posts-int-pk"
    assert anchor("<>", "&") == "page"
    assert len(anchor("x" * 500)) == 100


def test_findings_at_one_line_have_ids_of_their_own():
    ids = finding_ids([FINDINGS[0], FINDINGS[0], FINDINGS[0]])
    assert ids[0] == "n-plus-one-chorus-feed-views-py-25"
    assert len(set(ids)) == 3


def test_routes_that_differ_in_their_signs_only_have_ids_of_their_own():
    names = ["GET /a/b/", "GET /a-b/", "GET /a/b-2/", "GET /a.b/"]
    ids = route_ids(names)
    assert list(ids) == names
    assert len(set(ids.values())) == 4


def test_a_statement_of_another_database_is_another():
    one, other = (Statement(sql="SELECT 1", verb="SELECT", alias=a) for a in ("default", "logs"))
    assert statement_id(one) == statement_id(one) != statement_id(other)
    statement_id(Statement(sql="\udcff", verb="SELECT"))
