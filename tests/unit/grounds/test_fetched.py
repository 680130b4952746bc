"""Uses and the queries that belong to them: by the queryset whose edit changes what is loaded."""

from __future__ import annotations

import pytest
from tests.unit.rules.loads import case, use
from tests.unit.rules.recordings import (
    FEED,
    HOME,
    POSTS,
    QUERYSET_LINE,
    accessed,
    at,
    joined,
    once,
    prefetched,
)

from nuages.grounds.fetched import all_fetched, came_to_a_good_end, site_of, way_of
from nuages.model import Load, Scope, ScopeStats

AUTHOR = joined(POSTS, "author")
COMMENTS = prefetched(POSTS, "comments")
OWN = prefetched(POSTS, "comments", created_at=at(38))


@pytest.mark.parametrize(
    ("load", "site", "way"),
    [
        (POSTS, (QUERYSET_LINE, ""), (QUERYSET_LINE, "")),
        (AUTHOR, (QUERYSET_LINE, "author"), (QUERYSET_LINE, "author")),
        (joined(AUTHOR, "profile"), (QUERYSET_LINE, "author__profile"),
         (QUERYSET_LINE, "author__profile")),
        (COMMENTS, (QUERYSET_LINE, "comments"), (QUERYSET_LINE, "comments")),
        (OWN, (at(38), ""), (QUERYSET_LINE, "comments")),
        (joined(OWN, "writer"), (at(38), "writer"), (QUERYSET_LINE, "comments__writer")),
        (accessed(POSTS, "comments", "reverse_fk", created_at=at(50)), (at(50), ""), (at(50), "")),
    ],
)  # fmt: skip
def test_whose_edit_changes_what_is_loaded(load, site, way):
    assert (site_of(load).created_at, site_of(load).path) == site
    assert (way_of(load).created_at, way_of(load).path) == way


def test_uses_of_one_queryset_are_added_up_whatever_led_to_it():
    one, other = (
        accessed(root, "posts", "reverse_fk", "blog.Post", created_at=QUERYSET_LINE)
        for root in (Load(model="a.User", created_at=at(5)), Load(model="a.Team", created_at=at(6)))
    )
    parts = once(one), once(other, scope=HOME), use(one, 20), use(other, 30, reads={"body": 30})
    (fetched,) = all_fetched(case(*parts).recording)
    assert (fetched.use.instances, fetched.use.fields["body"]) == (50, 30)
    assert fetched.scopes == {FEED, HOME}
    assert fetched.loads == (one, other)


def test_joined_instances_come_with_the_queries_of_their_root():
    parts = once(POSTS, 40), use(POSTS, 40, sizes={"title": 300}), use(AUTHOR, 10, sizes={"n": 400})
    fetched = {each.site.path: each for each in all_fetched(case(*parts).recording)}
    author = fetched["author"]
    assert author.rows == 40
    assert author.instances == 10  # the rest have none
    assert author.part == 0.25  # of the bytes of the queries
    assert fetched[""].part == 0.75


@pytest.mark.parametrize(
    ("kind", "statuses", "is_good"),
    [
        ("request", {"200": 1, "500": 3}, True),
        ("request", {"302": 1}, False),
        ("request", {}, False),
        ("command", {"0": 1}, True),
        ("command", {"1": 1}, False),
        ("task", {"SUCCESS": 1}, True),
        ("task", {"FAILURE": 1}, False),
        ("task", {}, True),
        ("test", {"failed": 1}, False),
        ("process", {}, True),
    ],
)
def test_what_failed_may_not_have_come_to_use_what_it_loaded(kind, statuses, is_good):
    stats = ScopeStats(scope=Scope(kind=kind, name="x"), executions=1, statuses=statuses)
    assert came_to_a_good_end(stats) is is_good
