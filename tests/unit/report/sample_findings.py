"""Twelve plausible findings on a social app, with a fix of every status."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from nuages.model import Evidence, Finding, Fix, Location, Remedy, RemedyKind

from .sample_sources import SOURCES

VIEWS, SELECTORS = "chorus/feed/views.py", "chorus/feed/selectors.py"
SERIALIZERS, ADMIN = "chorus/feed/serializers.py", "chorus/feed/admin.py"
NOTIFICATIONS, ACCOUNTS = "chorus/notifications/views.py", "chorus/accounts/views.py"
TRENDING = "templates/feed/trending.html"

FEED, DETAIL, COMMENTS = (
    "GET /api/feed/",
    "GET /api/posts/<int:pk>/",
    "GET /api/posts/<int:pk>/comments/",
)
TRENDING_PAGE, SEARCH = "GET /trending/", "GET /search/"
UNREAD, FOLLOWERS = "GET /api/notifications/unread/", "GET /people/<str:username>/followers/"
POST_ADMIN = "GET /admin/feed/post/"
VISIBLE_POSTS = """\
Post.objects.filter(Q(author__followers__follower=user) | Q(author=user))
        .exclude(hidden=True)
        .order_by("-created")"""


def at(file: str, expression: str, function: str = "") -> Location:
    """The location of an expression in a sample source, by its first occurrence."""
    source = SOURCES[f".:{file}"]
    start = source.index(expression)
    end = start + len(expression)
    return Location(
        file=file,
        line=source.count("\n", 0, start) + 1,
        column=start - (source.rfind("\n", 0, start) + 1),
        end_line=source.count("\n", 0, end) + 1,
        end_column=end - (source.rfind("\n", 0, end) + 1),
        function=function,
    )


def diff_of(file: str, old: str, new: str) -> str:
    """The unified diff of an edit to a sample source."""
    source = SOURCES[f".:{file}"]
    assert old in source
    lines = difflib.unified_diff(
        source.splitlines(keepends=True),
        source.replace(old, new, 1).splitlines(keepends=True),
        f"a/{file}",
        f"b/{file}",
    )
    return "".join(lines)


def verified(file: str, old: str, new: str, before: int, after: int, tests: str = "") -> Fix:
    return Fix(
        status="verified",
        reason="same answers to 62 requests, the loop saw 50 rows",
        diff=diff_of(file, old, new),
        edits={f".:{file}": SOURCES[f".:{file}"].replace(old, new, 1)},
        queries_before=before,
        queries_after=after,
        tests=tests,
    )


def cost(requests: int, calls: int, most: int, wall_ms: float, sql: str, rows: int = 0) -> Evidence:
    return Evidence(
        requests=requests,
        calls=calls,
        per_request_max=most,
        wall_ms=wall_ms,
        share=wall_ms / 4_950,
        rows=rows or calls,
        sql=sql,
        p95_ms=round(wall_ms / calls * 2.2, 3),
        max_ms=round(wall_ms / calls * 6, 3),
    )


def by_key(table: str, columns: Sequence[str]) -> str:
    selected = ", ".join(f'"{table}"."{column}"' for column in columns)
    return f'SELECT {selected} FROM "{table}" WHERE "{table}"."id" = %s LIMIT 21'


def n_plus_one(
    message: str, hint: str, remedy: RemedyKind, path: str | None, **more: object
) -> Finding:
    values = {"confidence": 0.97, **more}
    return Finding(
        rule="n-plus-one",
        message=message,
        hint=hint,
        remedy=Remedy(kind=remedy, path=path),
        **values,  # type: ignore[arg-type]
    )


USER = ["id", "password", "last_login", "username", "email", "is_staff", "is_active", "joined"]

FINDINGS = (
    n_plus_one(
        "User.profile is loaded for each post: 100 queries per request",
        'add .select_related("author__profile") to the queryset',
        "select_related",
        "author__profile",
        location=at(VIEWS, "post.author.profile", "FeedView.get"),
        created_at=at(SELECTORS, VISIBLE_POSTS, "visible_posts"),
        routes=(FEED,),
        evidence=cost(62, 6_200, 100, 1_612.4, by_key("accounts_user", USER)),
        fix=verified(
            SELECTORS,
            '        .order_by("-created")\n',
            '        .order_by("-created")\n        .select_related("author__profile")\n',
            153,
            53,
            "12 of 4,310 run",
        ),
    ),
    n_plus_one(
        "Post.comments is counted for each post: 50 queries per request",
        'annotate the queryset with Count("comments")',
        "annotate",
        "comments",
        location=at(VIEWS, "post.comments.count()", "FeedView.get"),
        created_at=at(SELECTORS, "Post.objects.filter(Q(", "visible_posts"),
        routes=(FEED,),
        evidence=cost(
            62,
            3_100,
            50,
            948.2,
            'SELECT COUNT(*) AS "__count" FROM "feed_comment" WHERE "feed_comment"."post_id" = %s',
        ),
        fix=Fix(status="none", reason="an annotation changes what the queryset's users see"),
    ),
    n_plus_one(
        "Post.likes is asked for each post: 50 queries per request",
        "ask once for all posts, with a set of the liked ids",
        "prefetch_related",
        "likes",
        location=at(VIEWS, "post.likes.filter(user=request.user).exists()", "FeedView.get"),
        created_at=at(SELECTORS, "Post.objects.filter(Q(", "visible_posts"),
        routes=(FEED,),
        evidence=cost(
            62,
            3_100,
            50,
            611.9,
            'SELECT 1 AS "a" FROM "feed_like" WHERE ("feed_like"."post_id" = %s AND '
            '"feed_like"."user_id" = %s) LIMIT 1',
        ),
        fix=Fix(
            status="refused",
            reason=".filter() on a related manager asks the database again: a prefetch is unused",
        ),
    ),
    n_plus_one(
        "Comment.author and its profile are loaded for each comment: 80 queries per request",
        'add .select_related("author__profile") to the queryset',
        "select_related",
        "author__profile",
        location=at(SERIALIZERS, "author_name = serializers.CharField", "CommentSerializer"),
        created_at=at(
            VIEWS,
            'Comment.objects.filter(post=self.kwargs["pk"]).order_by("created")',
            "CommentList.get_queryset",
        ),
        trigger=at(SERIALIZERS, 'source="author.profile.display_name"', "author_name"),
        routes=(COMMENTS,),
        evidence=cost(48, 3_840, 80, 588.0, by_key("accounts_user", USER)),
        fix=verified(
            VIEWS,
            '.order_by("created")',
            '.order_by("created").select_related("author__profile")',
            82,
            2,
            "9 of 4,310 run",
        ),
    ),
    Finding(
        rule="slow-query",
        message="feed_post is scanned for body ILIKE: 38 ms a query, the budget is 30 ms",
        hint="a trigram index, or a search column, would spare the scan",
        location=at(VIEWS, "Post.objects.filter(body__icontains=term)", "search"),
        remedy=Remedy(kind="index"),
        routes=(SEARCH,),
        confidence=0.9,
        evidence=cost(
            12,
            12,
            1,
            461.5,
            'SELECT "feed_post"."id", "feed_post"."author_id", "feed_post"."topic_id", '
            '"feed_post"."title", "feed_post"."body", "feed_post"."score", "feed_post"."hidden", '
            '"feed_post"."created" FROM "feed_post" WHERE UPPER("feed_post"."body"::text) LIKE '
            'UPPER(%s) ORDER BY "feed_post"."created" DESC LIMIT 100',
            rows=1_200,
        ),
        fix=Fix(status="none", reason="indexes are not tried yet"),
    ),
    n_plus_one(
        "Post.topic is loaded for each post: 20 queries per request",
        'add .select_related("author", "topic") to the queryset',
        "select_related",
        "topic",
        location=at(
            VIEWS, 'render(request, "feed/trending.html", {"posts": posts})', "trending_page"
        ),
        created_at=at(
            SELECTORS, 'Post.objects.filter(hidden=False).order_by("-score")[:limit]', "trending"
        ),
        trigger=at(TRENDING, "{{ post.topic.name }}"),
        routes=(TRENDING_PAGE,),
        evidence=cost(20, 400, 20, 131.8, by_key("feed_topic", ["id", "name", "slug"])),
        fix=verified(
            SELECTORS,
            '.order_by("-score")[:limit]',
            '.order_by("-score").select_related("author", "topic")[:limit]',
            41,
            1,
            "3 of 4,310 run",
        ),
    ),
    n_plus_one(
        "Post.author is loaded for each post: 20 queries per request",
        'add .select_related("author", "topic") to the queryset',
        "select_related",
        "author",
        location=at(
            VIEWS, 'render(request, "feed/trending.html", {"posts": posts})', "trending_page"
        ),
        created_at=at(
            SELECTORS, 'Post.objects.filter(hidden=False).order_by("-score")[:limit]', "trending"
        ),
        trigger=at(TRENDING, "{{ post.author.username }}"),
        routes=(TRENDING_PAGE,),
        evidence=cost(20, 400, 20, 128.4, by_key("accounts_user", USER)),
        fix=verified(
            SELECTORS,
            '.order_by("-score")[:limit]',
            '.order_by("-score").select_related("author", "topic")[:limit]',
            41,
            1,
            "3 of 4,310 run",
        ),
    ),
    n_plus_one(
        "Notification.target, a generic foreign key, is loaded for each entry: 30 queries",
        'add .prefetch_related("actor", "target") to the queryset',
        "prefetch_related",
        "target",
        location=at(NOTIFICATIONS, "str(entry.target)", "describe"),
        created_at=at(
            NOTIFICATIONS,
            "Notification.objects.filter(user=request.user, read=False)",
            "unread",
        ),
        routes=(UNREAD,),
        evidence=cost(
            24, 720, 30, 119.1, by_key("feed_post", ["id", "author_id", "title", "body"])
        ),
        fix=verified(
            NOTIFICATIONS,
            "read=False)",
            'read=False).prefetch_related("actor", "target")',
            61,
            4,
        ),
    ),
    n_plus_one(
        "Post.tags is loaded for each post: 3 queries per request",
        'add .prefetch_related("tags") to the queryset',
        "prefetch_related",
        "tags",
        location=at(SERIALIZERS, "tags = serializers.SlugRelatedField", "PostSerializer"),
        created_at=at(VIEWS, "Post.objects.all()", "PostDetail"),
        routes=(
            DETAIL,
            "GET /api/posts/",
            "GET /api/people/<str:username>/posts/",
            "GET /api/tags/<slug:slug>/posts/",
            "GET /api/search/",
        ),
        evidence=cost(90, 270, 3, 74.0, by_key("feed_tag", ["id", "name"])),
        fix=Fix(
            status="proposed",
            reason="its loop saw two rows at most: three are needed to call it verified",
            diff=diff_of(VIEWS, "Post.objects.all()", 'Post.objects.prefetch_related("tags")'),
        ),
    ),
    n_plus_one(
        "Follow.follower is loaded for each follow: 40 queries per request",
        'add .select_related("follower") to the queryset',
        "select_related",
        "follower",
        location=at(ACCOUNTS, "follow.follower", "followers"),
        created_at=at(
            ACCOUNTS, 'Follow.objects.filter(followed=person).order_by("-since")', "followers"
        ),
        routes=(FOLLOWERS,),
        evidence=cost(14, 560, 40, 68.3, by_key("accounts_user", USER)),
        fix=verified(
            ACCOUNTS,
            '.order_by("-since")',
            '.order_by("-since").select_related("follower")',
            42,
            2,
            "4 of 4,310 run",
        ),
    ),
    n_plus_one(
        "Post.author is loaded for each row of the change list: 100 queries per request",
        'set list_select_related = ["author"]',
        "select_related",
        "author",
        location=at(ADMIN, "post.author", "PostAdmin.author_email"),
        created_at=at(ADMIN, "class PostAdmin", "PostAdmin"),
        routes=(POST_ADMIN,),
        evidence=cost(3, 300, 100, 41.2, by_key("accounts_user", USER)),
        fix=verified(
            ADMIN,
            '"created", "hidden"]\n',
            '"created", "hidden"]\n    list_select_related = ["author"]\n',
            104,
            4,
            "1 of 4,310 run",
        ),
    ),
    n_plus_one(
        "PostMedia is ordered for each post: 3 queries per request",
        "order in Python, or put the order into the model's Meta",
        "none",
        None,
        location=at(SERIALIZERS, 'post.media.order_by("position")', "PostSerializer.get_media"),
        created_at=at(VIEWS, "Post.objects.all()", "PostDetail"),
        routes=(DETAIL,),
        tests=("feed/tests/test_api.py::test_media_in_order",),
        evidence=cost(90, 180, 2, 33.6, by_key("feed_postmedia", ["id", "post_id", "file"])),
        fix=Fix(status="refused", reason=".order_by() on a related manager defeats a prefetch"),
        confidence=0.8,
    ),
)
