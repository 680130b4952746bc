"""A real site is recorded, diagnosed, edited and asked again."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.integration.fix.site import Site

from nuages.diagnose import diagnose
from nuages.fix import RunOutcome, combine, propose, verify
from nuages.model import Finding

pytest.importorskip("rest_framework")
pytestmark = pytest.mark.xdist_group("fixed-blog")  # verified once, on one worker

BLOG = Path(__file__).parent / "projects" / "blog"
# Path → queries before, and after every fix that was verified.
QUERIES = {
    "/feed/": (81, 2),
    "/list/": (81, 2),
    "/newest/": (42, 3),
    "/mine/": (81, 2),
    "/post/1/": (10, 4),
    "/detail/2/": (10, 4),
    "/user/1/": (5, 2),
    "/pages/": (42, 2),
    "/counts/": (41, 41),
    "/defeated/": (22, 22),
    "/export/": (21, 1),
    "/titles/": (81, 81),
    "/inner/": (82, 2),
    "/activity/": (41, 5),
    "/recent/": (31, 1),
    "/blogs/": (46, 4),
    "/joined/": (2, 2),
    "/chunks/": (6, 6),
    "/nicks/": (21, 1),
    "/api/posts/": (91, 4),
    "/api/posts/3/": (7, 4),
    "/api/drafts/": (91, 4),
    "/admin/blog/post/": (45, 5),
    "/admin/blog/comment/": (165, 5),
}
ALSO = ("/narrow/", "/import/")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return Site(BLOG, tmp_path_factory.mktemp("blog"), paths=[*QUERIES, *ALSO])


@pytest.fixture(scope="module")
def before(site: Site) -> RunOutcome:
    return site.run({})


@pytest.fixture(scope="module")
def findings(site: Site, before: RunOutcome) -> tuple[Finding, ...]:
    found = [
        finding
        for finding in diagnose(before.recording, project="blog").findings
        if finding.rule == "n-plus-one"  # of the others none has an edit
    ]
    proposed = propose(found, site.sources, before.recording.files)
    return verify(proposed, site.sources, before, site.run)


@pytest.fixture(scope="module")
def edits(site: Site, findings: tuple[Finding, ...]) -> dict[str, str]:
    return combine([f for f in findings if f.fix.status == "verified"], site.sources)


def test_every_page_answers(before):
    assert {answer.status for answer in before.answers} == {200}
    assert len(before.answers) == len(QUERIES) + len(ALSO)


def test_the_verified_edits_take_the_loops_away(site, before, edits):
    tried, after = site.last
    assert tried == edits
    assert {
        a.request.path: (a.queries, b.queries)
        for a, b in zip(before.answers, after.answers, strict=True)
        if a.request.path in QUERIES
    } == QUERIES


def test_one_edit_is_refused_and_all_were_tried_at_once(site, findings):
    refused = [finding for finding in findings if finding.fix.status == "refused"]
    assert [(finding.routes, finding.remedy.kind) for finding in refused] == [
        (("GET /titles/",), "in_bulk")
    ]
    assert site.runs <= 4


def test_nothing_is_said_of_pages_that_are_right(findings):
    routes = {route for finding in findings for route in finding.routes}
    assert not routes & {"GET /joined/", "GET /chunks/", "GET /import/"}


def test_what_needs_a_person_says_so(findings):
    reasons = {
        (finding.routes[0], finding.remedy.kind): finding.fix.reason
        for finding in findings
        if finding.fix.status == "none"
    }
    assert set(reasons) == {
        ("GET /counts/", "annotate"),
        ("GET /defeated/", "prefetch_related"),
        ("GET /narrow/", "only"),
        ("GET /narrow/", "select_related"),
    }
    assert all(reasons.values())


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("admin.py", '    list_select_related = ("author__profile",)'),
        ("admin.py", '    list_select_related = ("post__blog",)'),
        (
            "views.py",
            '    queryset = Post._default_manager.prefetch_related("comments__author__profile")',
        ),
        (
            "views.py",
            "    post = get_object_or_404("
            'Post._default_manager.prefetch_related("comments__author__profile"), pk=pk)',
        ),
        (
            "views.py",
            '        for post in Post.objects.select_related("author").iterator(chunk_size=20):',
        ),
        ("views.py", '    recent = Comment.objects.order_by("-id").select_related("author")'),
        ("views.py", '    posts = Post.objects.recent().select_related("author", "blog")[:15]'),
        ("views.py", '    posts = Post.objects.select_related("author", "author__profile")'),
        ("api.py", '            .select_related("author__profile", "blog__owner")'),
    ],
)
def test_edits_are_made_where_a_person_would(edits, file, line):
    assert line in edits[f".:blog/{file}"].split("\n")
