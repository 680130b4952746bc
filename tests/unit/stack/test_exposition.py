from __future__ import annotations

from nuages.stack import exposition

ROW = {"service": "web", "state": "ready", "restarts": 1, "cpu_percent": 31.0, "rss_mb": 92.4}
SEEN = {
    "processes": [
        {"name": "web-1", **ROW},
        {"name": "web-2", **ROW, "state": "draining"},
        {"name": "postgres", **ROW, "service": ""},
    ],
    "services": [{"name": "web", "ready": 1, "wanted": 2}],
    "balancer": {"in_flight": 3, "fails": 0, "errors": 5},
    "pools": [{"name": "pgbouncer", "answers": False}],
    "caches": [{"name": "valkey", "answers": True, "hits": 7, "misses": 1, "evicted": 0,
                "clients": 2, "used_mb": 1.5}],
    "databases": [{"name": "postgres", "answers": True, "max_connections": 100, "active": 1,
                   "idle": 4, "in_transaction": 0, "locked": 0, "commits": 9, "rollbacks": 0,
                   "lag_bytes": None}],
}  # fmt: skip
REPLICA = """# HELP nuages_requests_total Requests.
# TYPE nuages_requests_total counter
nuages_requests_total{{replica="{0}"}} 4
# HELP nuages_request_seconds Time.
# TYPE nuages_request_seconds histogram
nuages_request_seconds_bucket{{replica="{0}",le="+Inf"}} 4
nuages_request_seconds_count{{replica="{0}"}} 4
"""


def test_what_does_not_answer_has_no_figures():
    text = exposition.text(SEEN)
    assert "nuages_pool" not in text
    assert "lag_bytes" not in text
    assert 'nuages_cache_server_used_bytes{process="valkey"} 1500000' in text
    assert 'nuages_stack_process_up{process="web-2",service="web"} 0' in text
    assert 'nuages_stack_unanswered_total{process="caddy"} 5' in text


def test_a_family_stands_together_under_one_head():
    lines = exposition.merged([REPLICA.format("web-1"), REPLICA.format("web-2")]).splitlines()
    assert lines[:4] == [
        "# HELP nuages_requests_total Requests.",
        "# TYPE nuages_requests_total counter",
        'nuages_requests_total{replica="web-1"} 4',
        'nuages_requests_total{replica="web-2"} 4',
    ]
    assert len([line for line in lines if line.startswith("# TYPE nuages_request_seconds")]) == 1
    assert len(lines) == 10


def test_one_process_by_its_name():
    text = exposition.text(SEEN, [REPLICA.format("web-1")], name="web-1")
    assert 'nuages_stack_process_up{process="web-1",service="web"} 1' in text
    assert "nuages_requests_total" in text
    for other in ("web-2", "postgres", "valkey", "caddy"):
        assert other not in text
