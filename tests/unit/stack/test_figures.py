from __future__ import annotations

import pytest

from nuages.agent import vitals
from nuages.stack.figures import Subject, as_json, percentile, row, together
from nuages.stack.processes import Usage

SUBJECT = Subject(name="web-1", service="web", state="ready", pid=7, uptime_s=60.0)


def counts(**values: int) -> dict[str, int]:
    return {**dict.fromkeys(vitals.SLOTS, 0), **values}


def test_rates_are_between_two_looks():
    old = counts(**{"2xx": 100, "seconds_sum_ns": 10**9})
    new = counts(**{"2xx": 140, "5xx": 10, "seconds_sum_ns": 2 * 10**9, "in_flight": 2})
    told = row(SUBJECT, Usage(cpu_seconds=3.0), new, (10.0, Usage(cpu_seconds=2.0), old), 15.0)
    assert (told.rps, told.mean_ms, told.errors, told.in_flight) == (10.0, 20.0, 10, 2)
    assert told.cpu_percent == 20.0


def test_a_server_without_counters_has_no_rate():
    told = row(SUBJECT, Usage(rss_bytes=5_000_000), {}, (10.0, Usage(), {}), 15.0)
    assert (told.rps, told.p95_ms, told.rss_mb) == (None, None, 5.0)


def test_nothing_asked_has_no_latency():
    told = row(SUBJECT, Usage(), counts(), (10.0, Usage(), counts()), 15.0)
    assert (told.rps, told.mean_ms, told.p95_ms) == (0.0, None, None)


@pytest.mark.parametrize(
    ("buckets", "share", "expected"),
    [
        ({"le_0.01": 100}, 0.5, 7.5),  # halfway between 5 and 10 ms
        ({"le_0.005": 50, "le_0.1": 50}, 0.95, 95.0),
        ({"le_inf": 1}, 0.5, 10_000.0),
    ],
)
def test_percentiles_lie_between_the_bounds_of_their_bucket(buckets, share, expected):
    assert percentile(counts(**buckets), share) == pytest.approx(expected)


def test_the_figures_of_several_replicas_are_those_of_all_their_requests():
    slow = row(SUBJECT, Usage(), counts(**{"2xx": 10, "le_0.5": 10, "cache_hits": 3}),
               (10.0, Usage(), counts()), 15.0)  # fmt: skip
    quick = row(SUBJECT, Usage(), counts(**{"2xx": 90, "5xx": 10, "le_0.02": 100}),
                (10.0, Usage(), counts()), 15.0)  # fmt: skip
    server = row(SUBJECT, Usage(rss_bytes=5_000_000), {}, (10.0, Usage(), {}), 15.0)
    told = together([slow, quick, server])
    assert (told["rps"], told["errors"], told["failed"]) == (22.0, 10, 10)
    assert told["p50_ms"] < 20 < 200 < told["p99_ms"] <= 500
    assert (told["cache_hits"], told["rss_mb"]) == (3, 5.0)


def test_what_only_sums_are_made_of_is_told_to_nobody():
    (plain,) = as_json([row(SUBJECT, Usage(), counts(), (10.0, Usage(), counts()), 15.0)])
    assert "counted" not in plain
    assert plain["name"] == "web-1"
