"""A plausible run of tune on a social app: 25 routes, 12 findings, every state of each."""

from __future__ import annotations

from nuages.model import (
    Coverage,
    Diagnosis,
    LedgerEntry,
    Location,
    RouteCoverage,
    RouteFigures,
    Summary,
    TimeSplit,
    TuneResult,
)

from .sample_findings import (
    COMMENTS,
    DETAIL,
    FEED,
    FINDINGS,
    FOLLOWERS,
    POST_ADMIN,
    SEARCH,
    TRENDING_PAGE,
    UNREAD,
)
from .sample_recording import RECORDING
from .sample_sources import SOURCES

#           requests, queries, db, cpu before; queries, db, cpu after
FIGURES = {
    FEED: (62, 252.0, 61.4, 118.0, 152.0, 31.2, 74.5),
    COMMENTS: (48, 162.0, 14.8, 51.0, 2.0, 1.4, 9.8),
    TRENDING_PAGE: (20, 41.0, 13.6, 22.4, 1.0, 1.1, 6.2),
    UNREAD: (24, 61.2, 8.1, 19.9, 4.0, 1.3, 7.0),
    FOLLOWERS: (14, 42.0, 5.4, 14.2, 2.0, 0.9, 4.4),
    POST_ADMIN: (3, 104.0, 15.1, 61.0, 4.0, 2.2, 28.3),
    DETAIL: (90, 7.0, 1.9, 6.6, 7.0, 1.9, 6.5),
    SEARCH: (12, 1.0, 38.5, 9.1, 1.0, 38.2, 9.2),
    "GET /": (12, 2.0, 0.6, 2.1, 2.0, 0.6, 2.1),
    "GET /about/": (3, 0.0, 0.0, 0.9, 0.0, 0.0, 0.9),
    "GET /api/me/": (12, 2.0, 0.5, 1.8, 2.0, 0.5, 1.9),
    "GET /api/tags/": (9, 1.0, 0.8, 2.4, 1.0, 0.8, 2.4),
    "GET /people/<str:username>/": (18, 6.0, 1.4, 5.2, 6.0, 1.4, 5.1),
    "GET /api/people/<str:username>/posts/": (18, 9.3, 2.8, 7.7, 9.3, 2.8, 7.7),
    "GET /export/people.csv": (3, 1.0, 2.6, 11.0, 1.0, 2.5, 11.2),
    "GET /admin/": (3, 8.0, 1.6, 14.8, 8.0, 1.6, 14.9),
    "GET /admin/accounts/user/": (3, 6.0, 2.2, 24.1, 6.0, 2.3, 24.0),
}
MISSED = (
    RouteCoverage(route="GET /api/drafts/", state="empty", reason="no Draft has an author",
                  statuses={"200": 6}, requests=6),
    RouteCoverage(route="GET /settings/", state="redirected", reason="302 to /settings/profile/",
                  statuses={"302": 3}, requests=3),
    RouteCoverage(route="GET /api/moderation/queue/", state="denied",
                  reason="403 to anonymous, user and staff: asks for the permission feed.moderate",
                  statuses={"403": 2, "401": 1}, requests=3),
    RouteCoverage(route="GET /api/payouts/", state="failed", requests=2, statuses={"500": 2},
                  reason="KeyError: 'STRIPE_ACCOUNT' in chorus/payouts/views.py:31"),
    RouteCoverage(route="GET /invite/<uuid:token>/", state="not driven",
                  reason="no value for token: Invite has no rows"),
    RouteCoverage(route="GET /invite/<uuid:token>/accept/", state="not driven",
                  reason="no value for token: Invite has no rows"),
    RouteCoverage(route="GET /logout/", state="not driven",
                  reason="left out: it looks destructive"),
    RouteCoverage(route="GET /api/posts/<int:pk>/delete/", state="not driven",
                  reason="left out: it looks destructive"),
)  # fmt: skip
COVERAGE = Coverage(
    routes=(
        *(
            RouteCoverage(route=route, state="reached", statuses={"200": n[0]}, requests=n[0],
                          rows=n[0] * 40)
            for route, n in FIGURES.items()
        ),
        *MISSED,
    ),
    tests_passed=112,
    tests_failed=1,
    notes=("PostMedia was not filled: its file field needs a storage.",),
)  # fmt: skip


def summary(first: int) -> Summary:
    """One side of FIGURES: its figures begin at that index."""
    routes = {
        route: RouteFigures(
            requests=n[0], queries=n[first], db_ms=n[first + 1], cpu_ms=n[first + 2],
            p50_ms=n[first + 1] + n[first + 2], p95_ms=(n[first + 1] + n[first + 2]) * 1.7,
        )
        for route, n in FIGURES.items()
    }  # fmt: skip
    total = sum(figures.requests for figures in routes.values())
    queries = sum(figures.requests * figures.queries for figures in routes.values())
    return Summary(routes=routes, queries_per_request=queries / total)


LEDGER = (
    LedgerEntry(kind="connect", target="api.stripe.com:443", verdict="denied", via="kernel",
                origin=Location(file="chorus/payouts/gateway.py", line=18, column=11), count=6),
    LedgerEntry(kind="mail", target="2 recipients via smtp.example.com", verdict="contained",
                origin=Location(file="chorus/accounts/signals.py", line=27), via="overlay",
                count=14),
    LedgerEntry(kind="connect", target="127.0.0.1:6379", verdict="denied", origin=None,
                via="kernel", count=1_240),
    LedgerEntry(kind="write", target="/srv/chorus/exports/people.csv", verdict="contained",
                origin=Location(file="chorus/accounts/views.py", line=15), via="audit"),
)  # fmt: skip
OVERRIDES = (
    "DATABASES['default']: postgresql at db.internal → a scratch one, to leave your data alone",
    "CACHES['default']: django.core.cache.backends.redis.RedisCache → locmem",
    "EMAIL_BACKEND: smtp → scratch mail, kept and counted",
)
SECONDS = {
    "enclosure": 0.4, "discover": 1.2, "database": 2.9, "migrate": 14.6, "fill": 8.1,
    "drive": 22.7, "diagnose": 0.6, "fix": 41.3, "report": 0.2,
}  # fmt: skip

TIME = TimeSplit(
    executions=120,
    wall_ms=24_000,
    shares={
        "cpu": 0.31, "database": 0.52, "cache": 0.0, "outside": 0.12, "connections": 0.01,
        "waiting": 0.04,
    },
    queued_share=0.01,
    locking_ms=310,
    outside=(("https://api.example.com", 2_880.0),),
    gc_share=0.08,
    rss_mb=214.4,
    growing=(("GET /feed/", 41.5),),
)  # fmt: skip
PATCH = "".join(sorted({f.fix.diff for f in FINDINGS if f.fix.status == "verified"}))
TUNED = TuneResult(
    project="chorus",
    coverage=COVERAGE,
    before=summary(1),
    after=summary(4),
    findings=FINDINGS,
    patch=PATCH,
    told_apart=frozenset({"db_ms", "cpu_ms"}),
    time=TIME,
    ledger=LEDGER,
    seconds=SECONDS,
    sources=SOURCES,
    overrides=OVERRIDES,
    notes=("PostgreSQL 15.8 of this system, on a socket of its own.",),
    recording=RECORDING,
)
DIAGNOSED = Diagnosis(
    project="chorus", coverage=COVERAGE, findings=FINDINGS, time=TIME, patch=PATCH
)
EMPTY = TuneResult(
    project="blank", coverage=Coverage(), before=Summary(), after=Summary(), findings=()
)
