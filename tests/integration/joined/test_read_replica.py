"""Reads go to the standby, and nobody misses what they have written, however far it lags."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from tests.integration.joined.conftest import (
    Client,
    Replica,
    Start,
    becomes_true,
    end,
    python,
    run,
)

from nuages.agent.stack_config import StackConfig
from nuages.stack.postgres import PORT
from nuages.stack.standby import Standby


@contextmanager
def paused(standby: Standby) -> Iterator[None]:
    """The standby stays where it is, as one that lags; it has all that was written before."""
    assert becomes_true(lambda: standby.lag_bytes() == 0)
    with standby.connect() as connection:
        connection.execute("SELECT pg_wal_replay_pause()")
    try:
        yield
    finally:
        with standby.connect() as connection:
            connection.execute("SELECT pg_wal_replay_resume()")


@pytest.fixture(scope="module")
def told(usual: StackConfig, standby: Standby) -> StackConfig:
    where = {"HOST": str(standby.socket_dir), "PORT": PORT}
    return replace(usual, replicas={"default": [where]})


@pytest.fixture(scope="module")
def pair(project: Path, told: StackConfig, scratch: Path) -> Iterator[tuple[Replica, Replica]]:
    replicas = (Replica(project, scratch, told), Replica(project, scratch, told))
    yield replicas
    for replica in replicas:
        replica.end()


Pair = tuple[Replica, Replica]


def test_it_follows_the_primary_and_refuses_writes(standby: Standby) -> None:
    with standby.connect("nuages_up_default") as connection:
        assert connection.execute("SELECT pg_is_in_recovery()").fetchone() == (True,)
        with pytest.raises(Exception, match="read-only"):
            connection.execute("CREATE TABLE t ()")


def test_reads_of_somebody_who_wrote_nothing(pair: Pair) -> None:
    assert Client().ask(pair[0], "/count/").json["from"] == "replica"


def test_who_wrote_reads_the_primary_until_the_standby_has_it(pair: Pair, standby: Standby) -> None:
    one, other = pair
    ann, bob = Client(), Client()
    before = bob.ask(one, "/count/").json["count"]
    with paused(standby):
        assert ann.post(one, "/add/").json["count"] == before + 1
        for replica in pair:
            assert ann.ask(replica, "/count/").json == {"count": before + 1, "from": "default"}
            assert bob.ask(replica, "/count/").json == {"count": before, "from": "replica"}
    assert becomes_true(lambda: standby.lag_bytes() == 0)
    assert ann.ask(other, "/count/").json == {"count": before + 1, "from": "replica"}
    assert "nuages_wrote" not in ann.cookies  # it is not asked again and again


def test_clients_without_cookies_are_known_by_their_token(pair: Pair, standby: Standby) -> None:
    token = {"Authorization": "Token abc"}
    with paused(standby):
        count = Client(token).post(pair[0], "/add/").json["count"]
        assert Client(token).ask(pair[1], "/count/").json == {"count": count, "from": "default"}
        other = Client({"Authorization": "Token xyz"}).ask(pair[1], "/count/").json
        assert other == {"count": count - 1, "from": "replica"}


def test_a_login_and_the_page_behind_it(pair: Pair, standby: Standby) -> None:
    ann = Client()
    with paused(standby):
        ann.post(pair[0], "/login/")
        assert ann.ask(pair[1], "/who/").json == {"user": "ann"}


def test_the_admin(pair: Pair, standby: Standby) -> None:
    ann = Client()
    ann.post(pair[0], "/login/")
    with paused(standby):
        page = ann.ask(pair[0], "/admin/market/item/add/")
        assert page.status == 200
        token = f"csrfmiddlewaretoken={ann.cookies['csrftoken']}"
        assert ann.post(pair[0], "/admin/market/item/add/", f"name=lamp9&{token}").status == 302
        assert "lamp9" in ann.ask(pair[1], "/admin/market/item/").body


def test_a_get_that_writes_reads_what_it_wrote(pair: Pair, standby: Standby) -> None:
    with paused(standby):
        told = Client().ask(pair[0], "/get-that-writes/").json
    assert told == {"before": "replica", "found": 1, "from": "default"}


def test_sql_of_the_projects_own_counts_as_a_write(pair: Pair, standby: Standby) -> None:
    ann = Client()
    with paused(standby):
        count = ann.post(pair[0], "/raw/").json["count"]
        assert ann.ask(pair[1], "/count/").json == {"count": count, "from": "default"}


def test_a_transaction_reads_the_primary(pair: Pair) -> None:
    assert Client().ask(pair[0], "/in-transaction/").json["from"] == "default"


def test_a_database_without_a_replica_and_its_router(pair: Pair) -> None:
    ann = Client()
    before = ann.ask(pair[0], "/stats/").json
    assert before["from"] == "stats"
    assert ann.post(pair[1], "/stats/").json["count"] == before["count"] + 1


@pytest.mark.parametrize("path", ["/async-count/"])
def test_asynchronous_views(pair: Pair, standby: Standby, path: str) -> None:
    ann, bob = Client(), Client()
    before = bob.ask(pair[0], path).json
    with paused(standby):
        ann.post(pair[0], "/add/")
        assert ann.ask(pair[1], path).json == {key: n + 1 for key, n in before.items()}
        assert bob.ask(pair[1], path).json == before


ASGI = """
import asyncio, json, os
from config.asgi import application

async def ask(path, cookie=b"", method="GET"):
    sent, headers = [], [(b"host", b"localhost"), (b"cookie", cookie)]
    scope = {"type": "http", "method": method, "path": path, "query_string": b"",
             "headers": headers, "asgi": {"version": "3.0"}, "http_version": "1.1"}
    asked = []
    async def receive():
        if asked:
            await asyncio.sleep(60)
        asked.append(1)
        return {"type": "http.request", "body": b"", "more_body": False}
    async def send(message):
        sent.append(message)
    await application(scope, receive, send)
    cookies = [v for k, v in sent[0]["headers"] if k.lower() == b"set-cookie"]
    return sent[0]["status"], b"".join(m.get("body", b"") for m in sent).decode(), cookies

async def main():
    print((await ask("/-/nuages/ready"))[:2])
    before = json.loads((await ask("/async-count/"))[1])
    status, body, cookies = await ask("/add/", method="POST")
    cookie = next(c for c in cookies if c.startswith(b"nuages_wrote")).partition(b";")[0]
    after = json.loads((await ask("/async-count/", cookie))[1])
    others = json.loads((await ask("/async-count/"))[1])
    print(json.dumps([before, after, others]))

asyncio.run(main())
"""


def test_an_asgi_server(project: Path, told: StackConfig, scratch: Path, standby: Standby) -> None:
    with paused(standby):
        done = python(project, scratch, replace(told, persistent=False), ASGI)
    ready, counts = done.stdout.splitlines()
    assert ready == "(200, 'ready\\n')"
    before, after, others = json.loads(counts)
    assert after == {key: n + 1 for key, n in before.items()}, done.stderr
    assert others == before


def test_commands_and_tasks_read_the_primary_unless_told_otherwise(
    project: Path, told: StackConfig, scratch: Path, standby: Standby
) -> None:
    code = (
        "from market.models import Item\n"
        "from nuages.django import positions\n"
        "item = Item.objects.create(name='task')\n"
        "print(Item.objects.all().db, Item.objects.filter(pk=item.pk).exists())\n"
        "with positions.reading() as told:\n"
        "    first = Item.objects.order_by('pk').first()\n"
        "    print(Item.objects.all().db, first._state.db)\n"
        "    first.save()\n"  # it was read from the replica, and goes to the primary
        "    print(Item.objects.all().db)\n"
    )
    with paused(standby):
        done = python(project, scratch, told, code)
    assert done.stdout.split() == ["default", "True", "replica", "replica", "default"], done.stderr


def test_nothing_is_migrated_on_a_replica(project: Path, told: StackConfig, scratch: Path) -> None:
    code = (
        "from django.db import router\n"
        "from market.models import Item\n"
        "print(router.allow_migrate_model('replica', Item), "
        "router.allow_migrate_model('default', Item))\n"
    )
    assert python(project, scratch, told, code).stdout.split() == ["False", "True"]


def test_without_its_standby_everything_is_read_from_the_primary(
    start: Start, told: StackConfig, tmp_path: Path
) -> None:
    gone = {"default": [{"HOST": str(tmp_path), "PORT": PORT}]}
    assert Client().ask(start(replicas=gone), "/count/").json["from"] == "default"


def test_a_cookie_that_somebody_made_up_harms_nobody(pair: Pair) -> None:
    for value in ("x", "default:FFFFFFFFFFFFFFFF:99999999999", "default:0:1", "a:1:2+" * 50,
                  "'; DROP TABLE market_item:1:1"):  # fmt: skip
        ann = Client()
        ann.cookies["nuages_wrote"] = value
        assert ann.ask(pair[0], "/count/").status == 200


def test_a_standby_that_stays_behind_on_purpose(
    standby: Standby, migrated: Mapping[str, str], scratch: Path
) -> None:
    late = Standby(
        name="late", programs=standby.programs, folder=scratch / "pgl", primary=standby.primary,
        delay_ms=60_000,
    )  # fmt: skip
    late.create()
    process = run(late.order())
    try:
        assert late.wait()
        with late.primary.connect(migrated["default"]) as connection:
            connection.execute("INSERT INTO market_item (name) VALUES ('late')")
        assert becomes_true(lambda: standby.lag_bytes() == 0)
        assert late.lag_bytes() > 0
        with late.connect(migrated["default"]) as connection:
            query = "SELECT count(*) FROM market_item WHERE name = 'late'"
            assert connection.execute(query).fetchone() == (0,)
    finally:
        end(process)


def test_the_password_is_nobodys_to_read(standby: Standby) -> None:
    for path in (standby.folder / "password", standby.data / "postgresql.auto.conf"):
        assert not path.stat().st_mode & 0o077
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout
    assert (standby.folder / "password").read_text().strip() not in listed
    assert os.path.isdir(standby.data)
