"""How many rows a model gets."""

from __future__ import annotations

from dataclasses import replace

from tests.unit.populate.works import key, to

from nuages.populate.schema import Table, Unit
from nuages.populate.sizes import sizes


def unit(name: str, *columns: object, **more: bool) -> Unit:
    said = {"is_own": True, "is_link": False, "is_user": False, "to_users": False,
            "is_parent": False} | more  # fmt: skip
    table = Table(label=f"app.{name}", table=name, columns=(key(), *columns))  # type: ignore[arg-type]
    return Unit(label=f"app.{name}", alias="default", tables=(table,), **said)  # type: ignore[arg-type]


USER = unit("user", is_user=True, to_users=True, is_parent=True)
POST = unit("post", to("user", "author"), to_users=True, is_parent=True)
LIKE = unit("like", to("user", "who"), to("post", "what"), to_users=True)
PHOTO = unit("photo", to("post", "of"), to_users=True)
COUNTRY = unit("country", is_parent=True)
REGION = unit("region", to("country", "within"))


def told(*units: Unit, users: int = 10_000, **asked: int) -> dict[str, int]:
    rows = {f"app.{name}": count for name, count in asked.items()}
    return sizes(units, users, rows, lambda unit: None)


def test_what_users_make_grows_with_them() -> None:
    found = told(USER, POST, LIKE, PHOTO)
    assert found == {
        "app.user": 10_000, "app.post": 10_000, "app.like": 20_000, "app.photo": 5_000,
    }  # fmt: skip


def test_catalogues_stay_small_and_grow_a_level_below() -> None:
    assert told(USER, COUNTRY, REGION) == {
        "app.user": 10_000, "app.country": 100, "app.region": 1000,
    }  # fmt: skip


def test_what_is_asked_for_wins() -> None:
    assert told(USER, POST, post=77)["app.post"] == 77


def test_one_to_one_follows_its_other_end() -> None:
    profile = unit("profile", to("user", "of"), to_users=True)
    found = sizes((USER, profile), 500, {}, lambda unit: "app.user" if unit == profile else None)
    assert found["app.profile"] == 500


def test_few_are_in_a_librarys_groups() -> None:
    group = replace(unit("group"), is_own=False)
    link = unit("member", to("user", "who"), to("group", "of"), is_link=True, to_users=True)
    assert told(USER, group, link)["app.member"] == 1000
