from __future__ import annotations

from benchmarks.recorder.figures import Estimate
from benchmarks.recorder.rounds import VIEWS
from benchmarks.recorder.table import Row, targets


def exactly(value: float) -> Estimate:
    return Estimate(value=value, low=value, high=value)


def row(per_query: float = 10.0, per_request: float = 30.0, **ratios: float) -> Row:
    return Row(
        ratios={view: exactly(ratios.get(view, 1.0)) for view in VIEWS},
        per_query=exactly(per_query),
        per_request=exactly(per_request),
        background=0.0,
    )


def missed(**rows: Row) -> list[str]:
    found = {name.replace("_", " "): row for name, row in rows.items()}
    return [target.text for target in targets(found) if not target.held]


def test_all_targets_held():
    assert not missed(nuages_light=row(b=1.05), nuages_deep=row(c=1.3), zeal=row(b=1.2, c=2.0))


def test_each_limit_can_be_missed():
    assert missed(nuages_light=row(per_query=21.0)) == ["light, µs a query ≤ 20.0"]
    assert missed(nuages_light=row(per_request=61.0)) == ["light, µs a request ≤ 60.0"]
    assert missed(nuages_light=row(b=1.07)) == ["light on b, 51 queries, an N+1 ≤ 1.060"]
    assert missed(nuages_light=row(e=1.04)) == ["light on e, admin changelist ≤ 1.030"]
    assert missed(nuages_deep=row(c=1.4)) == ["deep on the prefetched view ≤ 1.350"]


def test_deep_is_held_against_zeal_in_the_same_run():
    assert missed(nuages_deep=row(c=1.2), zeal=row(c=1.1)) == ["deep on it, below zeal ≤ 1.100"]


def test_light_is_held_against_the_lowest_peer_that_names_a_line():
    [text] = missed(nuages_light=row(b=1.05), zeal=row(b=1.04), silk=row(b=4.0))
    assert "the lowest: zeal" in text


def test_a_peer_that_names_no_line_is_no_measure():
    assert not missed(nuages_light=row(b=1.05), prometheus=row(b=1.01))
