"""One project in several processes: it behaves as one, tells its state, and drains."""

from __future__ import annotations

import re
from pathlib import Path

from tests.integration.joined.conftest import Client, Replica, Start


def metrics(replica: Replica) -> dict[str, float]:
    text = Client().ask(replica, "/-/nuages/metrics").body
    lines = (line for line in text.splitlines() if line and not line.startswith("#"))
    found = (re.fullmatch(r"(\w+)\{([^}]*)\} (\S+)", line) for line in lines)
    return {
        f"{match[1]}{' ' + more if (more := _without_names(match[2])) else ''}": float(match[3])
        for match in found if match
    }  # fmt: skip


def _without_names(labels: str) -> str:
    return ",".join(each for each in labels.split(",") if not each.startswith(("service", "rep")))


def test_a_user_may_be_answered_by_any_replica(three: list[Replica]) -> None:
    one, other, third = three
    ann = Client()
    assert ann.post(one, "/login/").status == 200
    assert ann.ask(other, "/who/").json == {"user": "ann"}
    ann.post(other, "/cart/", "item=tea")
    ann.post(third, "/cart/", "item=jam")
    assert ann.ask(one, "/cart/").json == {"cart": ["tea", "jam"]}
    assert ann.ask(one, "/remember/blue/").status == 200
    assert ann.ask(third, "/recall/").json["said"] == "blue"


def test_uploads_are_seen_by_all_and_leave_the_tree_alone(
    three: list[Replica], project: Path
) -> None:
    one, other, _ = three
    body = (
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="note.txt"\r\n\r\n'
        b"hello\r\n--b--\r\n"
    )
    sent = Client().ask(one, "/upload/", "POST", body,
                        **{"Content-Type": "multipart/form-data; boundary=b"})  # fmt: skip
    assert sent.status == 200
    assert Client().ask(other, f"/file/{sent.json['name']}/").body == "hello"
    assert not (project / "media").exists()


def test_the_client_is_whom_the_balancer_names(three: list[Replica], start: Start) -> None:
    forwarded = {"X-Forwarded-For": "6.6.6.6, 203.0.113.9"}
    assert Client(forwarded).ask(three[0], "/recall/").json["address"] == "203.0.113.9"
    assert Client().ask(three[0], "/recall/").json["address"] == "127.0.0.1"
    alone = start(forwarded=False)
    assert Client(forwarded).ask(alone, "/recall/").json["address"] == "127.0.0.1"


def test_readiness_is_answered_before_anything_of_the_project(start: Start, tmp_path: Path) -> None:
    replica = start()
    stranger = Client()
    assert stranger.ask(replica, "/-/nuages/ready", Host="evil.example").status == 200
    assert stranger.ask(replica, "/who/", Host="evil.example").status == 400
    Path(replica.config.drain).touch()
    assert stranger.ask(replica, "/-/nuages/ready").status == 503
    assert stranger.ask(replica, "/-/nuages/live").status == 200
    assert stranger.ask(replica, "/who/").status == 200  # what comes all the same is answered
    Path(replica.config.drain).unlink()
    assert stranger.ask(replica, "/-/nuages/ready").status == 200
    assert stranger.ask(replica, "/-/nuages/other").status == 404


def test_readiness_needs_no_database(start: Start) -> None:
    nowhere = {"host": "/nowhere", "port": 1, "user": "nuages", "prefix": "nuages_up"}
    replica = start(postgres=nowhere)
    assert Client().ask(replica, "/-/nuages/ready").status == 200
    assert Client().ask(replica, "/count/").status == 500


def test_counters_add_up_over_the_workers_of_a_replica(start: Start) -> None:
    replica = start(workers=3)
    for _ in range(12):
        assert Client().ask(replica, "/count/").status == 200
    Client().ask(replica, "/nothing/")
    Client().ask(replica, "/fails/")
    Client().ask(replica, "/remember/a/")
    pids = {Client().ask(replica, "/recall/").json["pid"] for _ in range(6)}
    seen = metrics(replica)
    assert seen['nuages_requests_total code="2xx"'] == 19
    assert seen['nuages_requests_total code="4xx"'] == 1
    assert seen['nuages_requests_total code="5xx"'] == seen["nuages_errors_total"] == 1
    assert seen["nuages_request_seconds_count"] == 21
    assert seen['nuages_request_seconds_bucket le="+Inf"'] == 21
    assert seen["nuages_request_seconds_sum"] > 0
    assert seen["nuages_requests_in_flight"] == 0
    assert seen["nuages_workers"] == 3
    assert seen['nuages_cache_requests_total result="hit"'] == 6
    assert seen["nuages_database_connects_total"] >= 1
    assert seen["nuages_process_resident_bytes"] > 3 * 10_000_000
    assert len(pids) > 1


def test_a_cache_server_that_is_gone_is_an_empty_cache(start: Start, tmp_path: Path) -> None:
    from nuages.agent.stack_config import Cache

    replica = start(cache=Cache(kind="valkey", url=f"unix://{tmp_path}/gone.sock"))
    assert Client().ask(replica, "/remember/a/").status == 200
    assert Client().ask(replica, "/recall/").json["said"] is None
    ann = Client()
    assert ann.post(replica, "/login/").status == 200
    assert ann.ask(replica, "/who/").json == {"user": "ann"}  # sessions are in the database, too
