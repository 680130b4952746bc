from __future__ import annotations

import pytest

from nuages.stack.home import StackError
from nuages.topology import Database
from nuages.up.finding import _needed, target_of


@pytest.mark.parametrize(
    ("url", "host", "port", "user", "password"),
    [
        ("postgres://shop:s%40cret@db.internal:5433/nuages_shop", "db.internal", 5433, "shop",
         "s@cret"),
        ("postgres://shop@/nuages_shop?host=/run/postgresql", "/run/postgresql", 5432, "shop", ""),
        ("postgresql://db/nuages_shop", "db", 5432, "nuages", ""),
    ],
)  # fmt: skip
def test_an_external_database_is_where_its_url_says(url, host, port, user, password):
    target = target_of(Database(alias="default", external=url))
    assert (target.name, target.host, target.port) == ("nuages_shop", host, port)
    assert (target.user, target.password) == (user, password)


def test_a_program_that_lacks_is_named_with_its_remedy():
    with pytest.raises(StackError, match="needs Caddy, found none") as caught:
        _needed(None, "Caddy", "pip install 'nuages[stack]'")
    assert caught.value.hint == "pip install 'nuages[stack]'"
