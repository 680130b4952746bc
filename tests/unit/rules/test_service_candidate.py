"""Which routes would better be scaled by themselves."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.rules.recordings import MS, called
from tests.unit.rules.traffic import asked

from nuages.cases import Case
from nuages.grounds.route_groups import package
from nuages.model import Finding, QueryGroup, Recording, Scope, ScopeStats
from nuages.rules import service_candidate


def route(
    name: str, view: str, *, executions: int = 40, cpu_ms: float = 5, ms: float = 20
) -> ScopeStats:
    bucket = int(ms * 1000).bit_length() - 1
    return ScopeStats(
        scope=Scope(kind="request", name=name),
        executions=executions,
        wall_ns=int(executions * ms * MS),
        cpu_ns=int(executions * cpu_ms * MS),
        histogram=(*(0,) * bucket, executions),
        view=view,
    )


OTHERS = tuple(route(f"GET /{n}/", f"shop.views.page{n}") for n in range(3))
REPORT = route("GET /reports/", "reports.views.monthly", executions=30, cpu_ms=400, ms=500)


def reads(stats: ScopeStats, table: str) -> tuple[QueryGroup, ...]:
    return asked(f'SELECT 1 FROM "{table}"', scopes=(stats.scope,))


QUERIES = (*reads(REPORT, "reports_sheet"), *(q for o in OTHERS for q in reads(o, "shop_product")))


def found(*scopes: ScopeStats, groups=QUERIES, calls=()) -> list[Finding]:
    recording = Recording(scopes=scopes, groups=groups, calls=calls)
    return list(service_candidate.find(Case(recording)))


class TestFinds:
    def test_routes_that_need_ten_times_the_cpu_and_have_tables_of_their_own(self):
        [finding] = found(REPORT, *OTHERS)
        assert finding.message == (
            "The 1 routes of reports load a process unlike the others: 400 ms of CPU a request, "
            "beside 5 ms; they share 0 of their 1 tables"
        )
        assert "of the same code and image" in finding.hint
        assert finding.routes == ("GET /reports/",)
        assert finding.confidence < 0.5
        assert finding.evidence.wall_ms == 0  # nothing is saved: it ranks below what is

    def test_routes_that_wait_for_others(self):
        waiting = replace(REPORT, cpu_ns=REPORT.executions * 5 * MS)
        call = called("outside", "https://bank", "POST", scope=REPORT.scope, executions=30, ms=400)
        [finding] = found(waiting, *OTHERS, calls=(call,))
        assert "400 ms of waiting for others a request" in finding.message

    def test_routes_that_are_much_slower(self):
        slow = replace(REPORT, cpu_ns=REPORT.executions * 5 * MS)
        assert "(p95)" in found(slow, *OTHERS)[0].message

    def test_users_and_sessions_are_everybodys(self):
        users = (*reads(REPORT, "auth_user"), *reads(OTHERS[0], "auth_user"))
        assert found(REPORT, *OTHERS, groups=(*QUERIES, *users))

    @pytest.mark.parametrize(
        ("view", "app"),
        [
            ("posts.api.PostViewSet", "posts"),
            ("shop.reports.views.monthly", "shop.reports"),
            ("shop.reports.views.yearly.Report", "shop.reports"),
            ("views.home", "views"),
        ],
    )
    def test_the_app_of_a_view(self, view, app):
        assert package(view) == app


class TestStaysSilent:
    def test_on_routes_that_share_their_tables(self):
        shared = reads(REPORT, "shop_product")
        assert not found(REPORT, *OTHERS, groups=(*QUERIES, *shared))

    @pytest.mark.parametrize(
        "changes",
        [
            {"cpu_ns": 30 * 30 * MS, "wall_ns": 30 * 40 * MS, "histogram": REPORT.histogram[:16]},
            {"executions": 10},
            {"executions": 500},
            {"scope": Scope(kind="request", name="GET /admin/reports/")},
            {"view": "django.contrib.admin.sites.index"},
            {"view": "shop.views.monthly"},
        ],
        ids=["alike", "few", "most", "the admin", "Django's own", "the same app"],
    )
    def test_on_what_is_no_part_of_its_own(self, changes):
        stats = replace(REPORT, **changes)
        groups = tuple(
            replace(g, scope=stats.scope) if g.scope == REPORT.scope else g for g in QUERIES
        )
        assert not found(stats, *OTHERS, groups=groups)

    def test_on_a_small_part_of_the_whole(self):
        busy = tuple(replace(other, wall_ns=other.wall_ns * 200) for other in OTHERS)
        assert not found(REPORT, *busy)

    def test_on_what_tests_asked(self):
        assert not found(REPORT, *OTHERS, groups=tuple(replace(g, tests=("t",)) for g in QUERIES))


class TestRefuses:
    def test_a_recording_of_few_routes(self):
        assert not found(REPORT, *OTHERS[:2])

    def test_without_a_recording(self):
        assert not found(groups=())
