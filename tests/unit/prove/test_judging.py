"""Requests whose answers are compared, and of which some have their CPU measured."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from nuages.answers import Answer
from nuages.prove.judging import overall_proof, route_proofs
from nuages.prove.measuring import Planned, Seen, plan
from nuages.prove.statistics import Figures
from nuages.traffic.mix import Mix, Template

MIX = Mix(
    templates=tuple(
        Template(route=f"GET /{name}/", path=f"/{name}/", weight=weight)
        for name, weight in (("a", 3.0), ("b", 2.0), ("c", 1.0))
    )
)


def planned(*timed: str) -> tuple[Planned, ...]:
    return tuple(
        replace(each, is_timed=each.request.path.strip("/") in timed)
        for each in plan(MIX, ("anonymous",))
    )


def seen(of: tuple[Planned, ...], queries: dict[str, int]) -> Seen:
    answers = tuple(
        Answer(
            request=each.request, status=200, route=each.route, headers={}, body=b"", rows=0,
            queries=queries[each.request.path.strip("/")], wall_ns=1, cpu_ns=1, db_ns=1,
        )
        for each in of
    )  # fmt: skip
    return Seen(answers=answers, tables={}, unordered=frozenset())


def figures(*costs_ms: float) -> Figures:
    rng = np.random.default_rng(1)
    return tuple(np.array(costs_ms) * 1e6 * rng.normal(1, 0.01, (40, len(costs_ms)))
                 for _ in range(4))  # fmt: skip


def test_figures_belong_to_the_routes_that_were_timed() -> None:
    of = planned("a", "c")
    before, after = (seen(of, q) for q in ({"a": 2, "b": 2, "c": 2}, {"a": 2, "b": 1, "c": 2}))
    both = {"a": before, "a2": before, "b": after, "b2": after}
    a, b = figures(10, 20), figures(10, 40)
    routes = {each.route: each for each in route_proofs(of, both, a, b)}
    assert routes["GET /a/"].judgement == "no difference shown"
    assert routes["GET /b/"].cpu is None
    assert routes["GET /b/"].a.cpu_ms is None
    assert routes["GET /b/"].judgement == "better"  # by its queries
    assert routes["GET /c/"].judgement == "worse"
    overall = overall_proof(of, both, a, b)
    assert overall.requests == 3
    assert overall.cpu is not None
    assert 1.2 < overall.cpu.ratio < 1.7  # (3 × 10 + 1 × 40) / (3 × 10 + 1 × 20)
