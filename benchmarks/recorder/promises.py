"""What *light* promises to record, checked by exact counts in the run that measures its cost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from benchmarks.recorder.processes import PROJECT
from nuages.model import QueryGroup, Recording, ScopeStats

AUTHORS = 'FROM "blog_author"'
POSTS = '"blog_post"."title"'


@dataclass(frozen=True, kw_only=True)
class Expected:
    """A view's scope as the site is written."""

    route: str
    view: str
    rows: int  # fetched in one request
    statement: str = POSTS  # part of the SQL that is followed to its origin
    origin: tuple[str, str]  # file, and what stands in the line to blame


EXPECTED = {
    "a": Expected(
        route="GET /one/", view="blog.views.one", rows=1,
        origin=("blog/views.py", "Post.objects.get(pk=1)"),
    ),
    "b": Expected(
        route="GET /loop/", view="blog.views.loop", rows=50 + 50, statement=AUTHORS,
        origin=("blog/views.py", 'render(request, "loop.html"'),
    ),
    "c": Expected(
        route="GET /prefetched/", view="blog.views.prefetched", rows=100 + 50 + 5 + 300 + 200,
        origin=("blog/views.py", "for post in posts"),
    ),
    "d": Expected(
        route="GET /api/posts/", view="blog.api.PostList", rows=1 + 50 + 50 + 150,
        origin=("blog/api.py", "class PostList"),
    ),
    "e": Expected(
        route="GET /admin/blog/post/", view="django.contrib.admin.options.changelist_view",
        rows=1 + 1 + 1 + 1 + 50 + 5, origin=("blog/admin.py", "class PostAdmin"),
    ),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Facts:
    """One view: what was done, and what the recording holds."""

    asked: int  # requests, by the process that made them
    queries: int  # of one request, by a wrapper in the bare project
    expected: Expected
    stats: ScopeStats
    groups: tuple[QueryGroup, ...]

    def followed(self) -> QueryGroup:
        """The statement that is followed to its origin."""
        [found] = [g for g in self.groups if self.expected.statement in g.statement.sql]
        return found


@dataclass(frozen=True, kw_only=True)
class Promise:
    """A field: what it must be, and what it is."""

    field: str
    wanted: Callable[[Facts], object]
    found: Callable[[Facts], object]
    views: str = "abcde"


def _is_true(_: Facts) -> object:
    return True


# What light comes to record gets its line here.
PROMISES: tuple[Promise, ...] = (
    Promise(
        field="executions", wanted=lambda f: f.asked, found=lambda f: f.stats.executions
    ),
    Promise(
        field="statuses", wanted=lambda f: {"200": f.asked}, found=lambda f: dict(f.stats.statuses)
    ),
    Promise(field="view", wanted=lambda f: f.expected.view, found=lambda f: f.stats.view),
    Promise(
        field="queries", wanted=lambda f: f.asked * f.queries, found=lambda f: f.stats.queries
    ),
    Promise(
        field="rows", wanted=lambda f: f.asked * f.expected.rows, found=lambda f: f.stats.rows
    ),
    Promise(
        field="wall time ≥ database time > 0", wanted=_is_true,
        found=lambda f: f.stats.wall_ns >= f.stats.db_ns > 0,
    ),
    Promise(
        field="wall time ≥ CPU time > 0", wanted=_is_true,
        found=lambda f: f.stats.wall_ns >= f.stats.cpu_ns > 0,
    ),
    Promise(
        field="histogram", wanted=lambda f: f.asked, found=lambda f: sum(f.stats.histogram)
    ),
    Promise(
        field="calls of statements", wanted=lambda f: f.asked * f.queries,
        found=lambda f: sum(group.calls for group in f.groups),
    ),
    Promise(
        field="rows of statements", wanted=lambda f: f.asked * f.expected.rows,
        found=lambda f: sum(group.rows for group in f.groups),
    ),
    Promise(
        field="histograms of statements", wanted=_is_true,
        found=lambda f: all(sum(group.histogram) == group.calls for group in f.groups),
    ),
    Promise(
        field="time of statements", wanted=lambda f: f.stats.db_ns,
        found=lambda f: sum(group.wall_ns for group in f.groups),
    ),
    Promise(
        field="slowest call of statements", wanted=_is_true,
        found=lambda f: all(0 < group.max_ns <= group.wall_ns for group in f.groups),
    ),
    Promise(
        field="executions of statements", wanted=_is_true,
        found=lambda f: all(group.executions == f.asked for group in f.groups),
    ),
    Promise(field="SQL", wanted=_is_true, found=lambda f: AUTHORS in f.followed().statement.sql,
            views="b"),
    Promise(field="loops", wanted=lambda f: f.asked, found=lambda f: f.followed().loops, views="b"),
    Promise(field="most calls in one execution", wanted=lambda _: 50,
            found=lambda f: f.followed().per_execution_max, views="b"),
    Promise(field="file:line to blame", wanted=lambda f: _line(*f.expected.origin),
            found=lambda f: _place(f.followed())),
    Promise(field="template's file:line", views="b",
            wanted=lambda _: _line("blog/templates/loop.html", "post.author.name"),
            found=lambda f: _place_of(f.followed().trigger)),
)  # fmt: skip


def broken(
    recording: Recording, asked: Mapping[str, int], queries: Mapping[str, int]
) -> Iterator[str]:
    """Each promise that was not kept, in a sentence."""
    for view, expected in EXPECTED.items():
        scopes = [s for s in recording.scopes if s.scope.name == expected.route]
        if len(scopes) != 1:
            yield f"{expected.route}: {len(scopes)} scopes of this route"
            continue
        groups = tuple(g for g in recording.groups if g.scope == scopes[0].scope)
        facts = Facts(
            asked=asked[view], queries=queries[view], expected=expected, stats=scopes[0],
            groups=groups,
        )  # fmt: skip
        for promise in PROMISES:
            if view in promise.views:
                wanted, found = promise.wanted(facts), promise.found(facts)
                if wanted != found:
                    yield f"{expected.route}: {promise.field}: {found}, not {wanted}"


def _line(file: str, text: str) -> str:
    lines = (PROJECT / file).read_text("utf-8").splitlines()
    return f"{file}:{next(n for n, line in enumerate(lines, 1) if text in line)}"


def _place(group: QueryGroup) -> str:
    return _place_of(group.location)


def _place_of(location: object) -> str:
    return f"{getattr(location, 'file', '?')}:{getattr(location, 'line', '?')}"
