"""Which databases may be filled."""

from __future__ import annotations

import pytest

from nuages.errors import NuagesError
from nuages.populate.estimates import check_disk
from nuages.populate.places import allow, of_url


class TestAllows:
    @pytest.mark.parametrize(
        "url",
        [
            "postgres:///nuages_scratch",
            "postgres://ada:secret@db.example.com/nuages_scratch",
            "postgres://localhost/shop",
            "postgres:///shop?host=/run/postgresql",
            "mysql://root@127.0.0.1/shop",
            "sqlite:///shop.sqlite3",
        ],
    )
    def test_scratch_or_local(self, url: str) -> None:
        allow(of_url(url), remote=None)

    def test_another_told_twice(self) -> None:
        allow(of_url("postgres://db.example.com/shop"), remote="shop")


class TestRefuses:
    @pytest.mark.parametrize("remote", [None, "", "shop2", "yes"])
    def test_another_machine(self, remote: str | None) -> None:
        with pytest.raises(NuagesError, match="neither a scratch database") as told:
            allow(of_url("postgres://db.example.com/shop"), remote=remote)
        assert "--remote shop" in str(told.value.hint)

    @pytest.mark.parametrize("name", ["nuages", "my_nuages_x", "nuages-x", "snuages_x"])
    def test_names_that_only_sound_like_scratch(self, name: str) -> None:
        with pytest.raises(NuagesError):
            allow(of_url(f"postgres://db.example.com/{name}"), remote=None)

    def test_an_unknown_scheme(self) -> None:
        with pytest.raises(NuagesError, match="is no scheme of a database"):
            of_url("oracle://db/shop")


class TestUrls:
    def test_every_part_is_read(self) -> None:
        place = of_url("postgresql://ada:p%40ss@db:6543/nuages_x")
        assert (place.vendor, place.name, place.host, place.port, place.user, place.password) == (
            "postgresql", "nuages_x", "db", "6543", "ada", "p@ss",
        )  # fmt: skip

    def test_no_password_is_shown(self) -> None:
        assert "secret" not in str(of_url("postgres://ada:secret@db.example.com/shop"))


class TestDisk:
    def test_room_enough(self, tmp_path: object) -> None:
        check_disk(1000, str(tmp_path))

    def test_too_little(self, tmp_path: object) -> None:
        with pytest.raises(NuagesError, match="the rows need about") as told:
            check_disk(1 << 60, str(tmp_path))
        assert "--users" in str(told.value.hint)

    def test_a_disk_elsewhere_is_not_judged(self) -> None:
        check_disk(1 << 60, None)
        check_disk(1 << 60, "/nowhere/at/all")
