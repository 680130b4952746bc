"""A crawl over a small site that lives in a dictionary."""

from __future__ import annotations

from typing import Any

from nuages.answers import Request
from nuages.traffic.crawl import Limits, Traffic, crawl, replay


class Site:
    """Answers an agent's calls: path → status, or a body with links."""

    def __init__(self, pages: dict[str, int | str], *, slow: frozenset[str] = frozenset()) -> None:
        self.pages = pages
        self.slow = slow
        self.calls: list[tuple[str, str]] = []
        self.resets = 0

    def call(self, name: str, *, timeout: float = 1.0, **arguments: Any) -> Any:
        return getattr(self, name)(**arguments)

    def routes(self) -> list[dict[str, Any]]:
        return [{"route": route} for route in dict.fromkeys(map(self.route, self.pages))]

    def targets(self) -> dict[str, Any]:
        targets = [{"path": path, "route": self.route(path)} for path in self.pages]
        return {"targets": targets, "unresolved": []}

    def resolve(self, paths: list[str]) -> list[str | None]:
        return [self.route(p) if p in self.pages else None for p in paths]

    def reset(self) -> None:
        self.resets += 1

    def request(self, path: str, actor: str, **_: Any) -> dict[str, Any]:
        self.calls.append((path, actor))
        page = self.pages[path.partition("?")[0]]
        status = page if isinstance(page, int) else 200
        if actor in self.slow:
            status = 504
        if status == 401 and actor == "staff":
            status = 200
        return {
            "status": status, "route": self.route(path), "headers": {"Content-Type": "text/html"},
            "body": page if isinstance(page, str) else "", "rows": 2, "recorded": True,
            "wall_ns": 5, "cpu_ns": 4, "db_ns": 3, "queries": 2,
        }  # fmt: skip

    @staticmethod
    def route(path: str) -> str:
        first, *rest = path.strip("/").split("/")
        return f"/{first}/<pk>/" if rest else path.partition("?")[0]


def states(traffic: Traffic) -> dict[str, str]:
    return {covered.route: covered.state for covered in traffic.coverage.routes}


def test_links_are_followed_for_whoever_saw_them() -> None:
    home = '<a href="/a/1">1</a><a href="/a/2?x=1">2</a><a href="/gone">g</a>'
    site = Site({"/": home, "/a/1": 200, "/a/2": 200})
    traffic = crawl(site, actors=["anonymous"], limits=Limits(per_route=9))
    assert ("/a/2?x=1", "anonymous") in site.calls
    assert not any(path == "/gone" for path, _ in site.calls)
    assert states(traffic) == {"GET /": "reached", "GET /a/<pk>/": "reached"}


def test_every_route_is_asked_once_before_any_twice() -> None:
    site = Site({f"/{name}/{n}": 200 for name in "abc" for n in range(5)})
    site.pages["/"] = 200
    crawl(site, actors=["user"], limits=Limits(requests=4, per_route=5))
    assert {Site.route(path) for path, _ in site.calls} == {"/a/<pk>/", "/b/<pk>/", "/c/<pk>/", "/"}


def test_every_route_is_asked_by_somebody_before_any_by_all() -> None:
    site = Site({f"/{name}": 200 for name in "abcdef"})
    crawl(site, actors=["user", "staff"], limits=Limits(requests=6))
    assert {path for path, _ in site.calls} == {f"/{name}" for name in "abcdef"}


def test_the_search_for_targets_is_not_recorded() -> None:
    site = Site({"/": 200})
    crawl(site, actors=["user"])
    assert site.resets == 1


def test_a_route_is_asked_no_more_than_its_limit() -> None:
    site = Site({"/": 200} | {f"/a/{n}": 200 for n in range(9)})
    crawl(site, actors=["user"], limits=Limits(per_route=2))
    assert sum(path.startswith("/a/") for path, _ in site.calls) == 2


def test_who_is_turned_away_is_not_sent_again() -> None:
    site = Site({"/": 200} | {f"/a/{n}": 401 for n in range(4)})
    traffic = crawl(site, actors=["anonymous", "staff"], limits=Limits(per_route=9))
    asked = [actor for path, actor in site.calls if path.startswith("/a/")]
    assert asked.count("anonymous") == 1
    assert asked.count("staff") == 4
    assert states(traffic)["GET /a/<pk>/"] == "reached"


def test_an_area_that_is_closed_to_an_actor_is_left_alone() -> None:
    site = Site({"/": 200} | {f"/x{n}": 200 for n in range(2)})
    site.route = lambda path: f"/admin{path}" if path != "/" else path  # type: ignore[method-assign]
    site.pages |= {f"/m{n}": 403 for n in range(20)}
    site.pages.pop("/x0"), site.pages.pop("/x1")
    crawl(site, actors=["user"], limits=Limits(per_route=9))
    assert len(site.calls) == 1 + 5


def test_an_actor_for_whom_everything_is_slow_is_given_up() -> None:
    site = Site({"/": 200} | {f"/p{n}": 200 for n in range(20)}, slow=frozenset({"user"}))
    traffic = crawl(site, actors=["anonymous", "user"], limits=Limits())
    assert sum(actor == "user" for _, actor in site.calls) == 4
    assert traffic.coverage.notes == ("user: 4 pages in a row took too long",)
    assert all(answer.request.actor == "anonymous" for answer in traffic.answers)


def test_what_looks_destructive_is_listed_not_sent() -> None:
    site = Site({"/": '<a href="/logout">out</a>', "/logout": 200})
    traffic = crawl(site, actors=["user"])
    assert ("/logout", "user") not in site.calls
    covered = {c.route: c.reason for c in traffic.coverage.routes}
    assert covered["GET /logout"] == "looks destructive"


def test_what_the_user_excluded_is_not_sent() -> None:
    site = Site({"/": '<a href="/export">all of it</a>', "/export": 200, "/a/1": 200})
    traffic = crawl(site, actors=["user"], exclude=["*export*", "GET /a/*"])
    assert site.calls == [("/", "user")]
    covered = {c.route: c.reason for c in traffic.coverage.routes if c.state == "not driven"}
    assert set(covered.values()) == {"excluded by [tool.nuages]"}
    assert set(covered) == {"GET /export", "GET /a/<pk>/"}


def test_a_crawl_that_stops_says_so() -> None:
    site = Site({"/": 200} | {f"/p{n}": 200 for n in range(9)})
    traffic = crawl(site, actors=["user"], limits=Limits(requests=3))
    assert traffic.coverage.notes == ("the crawl stopped at 3 requests, with 7 more to send",)
    reasons = {c.reason for c in traffic.coverage.routes if c.state == "not driven"}
    assert reasons == {"the crawl stopped at 3 requests"}


def test_a_replay_warms_up_and_keeps_the_order() -> None:
    site = Site({"/": 200, "/a": 200})
    asked = [Request(path="/a", actor="staff"), Request(path="/"), Request(path="/a")]
    answers = replay(site, asked)
    assert [answer.request for answer in answers] == asked
    assert site.calls[0] == ("/a", "staff")
    assert len(site.calls) == 4
    assert site.resets == 1
    assert answers[0].route == "GET /a"
    assert (answers[0].queries, answers[0].rows, answers[0].wall_ns) == (2, 2, 5)
