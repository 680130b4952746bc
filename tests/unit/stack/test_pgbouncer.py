from __future__ import annotations

from pathlib import Path

import pytest

from nuages.stack.pgbouncer import PgBouncer, Target, connection_string
from nuages.stack.pgbouncer_programs import PgBouncerProgram


def pool(version=(1, 18, 0), **values) -> PgBouncer:
    program = PgBouncerProgram(path=Path("/usr/sbin/pgbouncer"), version=version)
    targets = (Target(name="*", host="/pg/s", port=5432),)
    return PgBouncer(program=program, folder=Path("/pool"), targets=targets, **values)


def settings(told: str) -> dict[str, str]:
    lines = told.partition("[pgbouncer]\n")[2].splitlines()
    return dict(line.split(" = ", 1) for line in lines)


def test_transactions_share_few_connections_without_a_handshake():
    told = settings(pool(size=7).configuration())
    assert told["pool_mode"] == "transaction"
    assert told["auth_type"] == "trust"
    assert told["default_pool_size"] == "7"


def test_it_listens_on_a_socket_only():
    told = settings(pool().configuration())
    assert told["unix_socket_dir"] == "/pool"
    assert "listen_addr" not in told


def test_what_a_connection_asks_for_at_its_start_is_not_dropped_in_silence():
    assert "ignore_startup_parameters" not in settings(pool().configuration())


@pytest.mark.parametrize(("version", "kept"), [((1, 18, 0), False), ((1, 21, 0), True)])
def test_prepared_statements_are_followed_where_it_can(version, kept):
    assert ("max_prepared_statements" in settings(pool(version).configuration())) is kept


@pytest.mark.parametrize(
    ("target", "told"),
    [
        (Target(name="*", host="/pg/s", port=5432), "host=/pg/s port=5432 user=nuages"),
        (Target(name="nuages_shop", host="db", port=5433, user="shop", password="it's"),
         "host=db port=5433 user=shop password='it''s'"),
        (Target(name="*", host="/a,/b", port=5432), "host='/a,/b' port=5432 user=nuages"),
    ],
)  # fmt: skip
def test_a_target_is_spelled_as_its_file_wants_it(target, told):
    assert connection_string(target) == told
