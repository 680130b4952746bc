"""A mix that was written elsewhere, on a small site that lives in a dictionary."""

from __future__ import annotations

from typing import Any

from nuages.traffic.fitting import fitted
from nuages.traffic.mix import Mix, Template

ACTORS = ("anonymous", "staff", "user")
LOGIN = "/accounts/login/?next=/x/"


class Site:
    """Ten posts, a feed for who is logged in, an office for staff."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def call(self, name: str, *, timeout: float = 1.0, **arguments: Any) -> Any:
        return getattr(self, name)(**arguments)

    def targets(self, limit_per_route: int) -> dict[str, Any]:
        paths = [f"/posts/{n}/" for n in (3, 1, 2, 99)]  # 99 is hidden: not found after all
        told = [{"route": "/posts/<int:pk>/", "path": path} for path in paths]
        told += [{"route": "/tags/<slug:slug>/", "path": f"/tags/{n}/"} for n in ("red", "blue")]
        return {"targets": told, "unresolved": []}

    def resolve(self, paths: list[str]) -> list[str | None]:
        routes = {"posts": "/posts/<int:pk>/", "tags": "/tags/<slug:slug>/"}
        return [routes.get(path.split("/")[1]) for path in paths]

    def request(self, method: str, path: str, actor: str, **_: Any) -> dict[str, Any]:
        self.asked.append((path, actor))
        status, location = self._status(path.partition("?")[0], actor)
        return {
            "status": status, "route": None, "headers": {"Location": location} if location else {},
            "body": "", "rows": 0, "wall_ns": 5, "cpu_ns": 4, "db_ns": 3, "queries": 2,
        }  # fmt: skip

    def _status(self, path: str, actor: str) -> tuple[int, str]:
        if path == "/feed/" and actor == "anonymous":
            return 401, ""
        if path == "/office/" and actor != "staff":
            return 302, LOGIN
        folder, name = path.strip("/").split("/") if path.count("/") > 2 else ("", "")
        known = {"posts": [str(n) for n in range(1, 11)], "tags": ["red", "blue"]}
        return (200 if not folder or name in known.get(folder, []) else 404), ""


def template(path: str, **told: Any) -> Template:
    return Template(route=f"GET {path.partition('?')[0]}", path=path, **told)


def fit(*templates: Template) -> tuple[Mix, list[str]]:
    found = fitted(Site(), Mix(templates=templates), actors=ACTORS)
    return found.mix, found.notes()


def rows(*keys: str) -> tuple[dict[str, str], ...]:
    return tuple({"id": key} for key in keys)


def test_what_fits_stays_as_it_is() -> None:
    post = template("/posts/{id}/", arguments=rows("1", "2", "3"))
    mix, notes = fit(post, template("/"))
    assert mix.templates == (post, template("/"))
    assert notes == []


def test_rows_of_elsewhere_become_rows_of_here() -> None:
    mix, notes = fit(template("/posts/{id}/", arguments=rows("4711", "815"), skew=1.2))
    assert mix.templates[0].arguments == rows("3", "1", "2")
    assert mix.templates[0].skew == 1.2
    assert "GET /posts/{id}/" in notes[0]


def test_one_missing_row_among_the_rarer_is_found() -> None:
    mix, _ = fit(template("/posts/{id}/", arguments=rows("1", "2", "70", "4")))
    assert mix.templates[0].arguments == rows("3", "1", "2")


def test_a_query_keeps_its_own_values() -> None:
    told = ({"id": "50", "page": "7"}, {"id": "51", "page": "8"})
    mix, _ = fit(template("/posts/{id}/?page={page}", arguments=told))
    assert [row["page"] for row in mix.templates[0].arguments] == ["7", "8", "7"]


def test_names_that_were_taken_for_fixed_are_replaced_in_turn() -> None:
    mix, _ = fit(*(template(f"/tags/{name}/") for name in ("green", "grey", "black")))
    assert [each.path for each in mix.templates] == ["/tags/red/", "/tags/blue/", "/tags/red/"]
    assert {each.route for each in mix.templates} == {"GET /tags/<slug:slug>/"}


def test_who_is_let_in_asks() -> None:
    mix, notes = fit(
        template("/feed/", actors=("anonymous", "user")), template("/office/"), template("/")
    )
    assert [each.actors for each in mix.templates] == [("user",), ("staff",), ("anonymous",)]
    assert notes == ["asked as who is let in: GET /feed/, GET /office/"]


def test_a_status_that_is_expected_is_left_alone() -> None:
    wanted = template("/posts/4711/", expect=404), template("/office/", expect=302)
    assert fit(*wanted)[0].templates == wanted


def test_what_nobody_answers_is_left_out_and_said() -> None:
    mix, notes = fit(template("/old/page/", weight=1.0), template("/", weight=3.0))
    assert [each.path for each in mix.templates] == ["/"]
    assert [each.route for each in mix.excluded] == ["GET /old/page/"]
    assert notes == ["25 % of the traffic is not sent: GET /old/page/ (answered 404 here)"]


def test_a_file_that_was_made_of_this_data_is_soon_believed() -> None:
    site = Site()
    many = [template("/posts/{id}/", arguments=rows(str(n % 9 + 1))) for n in range(60)]
    assert fitted(site, Mix(templates=tuple(many)), actors=ACTORS).notes() == []
    assert len(site.asked) < 30


def test_without_time_nothing_is_changed() -> None:
    mix = Mix(templates=(template("/old/page/"),))
    assert fitted(Site(), mix, actors=ACTORS, seconds=0).mix.templates == mix.templates
