"""What `nuages load` and `nuages prove` print is what docs/reference/json.md says."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from rich.console import Console

from nuages.answers import Request, Verdict
from nuages.load import Budget, Knee, LoadResult, Phase, RouteLoad
from nuages.load.latency import Latency
from nuages.load.saturation import Saturation, Suspect
from nuages.prove import Costs, Effect, Interval, Loaded, Proof, RouteProof
from nuages.prove.values import LoadProof
from nuages.report.loads import load_json, render_load
from nuages.report.proof_page import render
from nuages.report.proofs import proof_json, render_proof
from nuages.traffic.mix import Excluded, Mix, Template

from .test_json import check, documented

SCHEMAS = Path(__file__).parents[3] / "docs" / "reference"


def result(*milliseconds: float, errors: int = 0) -> LoadResult:
    latency = Latency()
    for each in milliseconds:
        latency.record(each / 1e3)
    route = RouteLoad(
        latency=latency,
        statuses={"200": len(milliseconds) - errors},
        errors={"status 500": errors} if errors else {},
    )
    phase = Phase(rate=10, seconds=1)
    return LoadResult(phase=phase, routes={"GET /<page>/": route}, seconds=1.0)


MIX = Mix(
    templates=(Template(route="GET /", path="/"),),
    excluded=(Excluded(route="DELETE /a/", why="deletes"),),
)
LOCKS = Suspect(name="locks", used=0.9, evidence="5.0 of 6.0 active connections waited for it")
TOLD = Saturation(first=LOCKS, others=(Suspect(name="GIL", used=None, evidence="not here"),))
KNEE = Knee(rate=5.0, why="p95 was 300 ms", is_bound=True, budget=Budget(), steps=())
VERDICTS = (
    Verdict(request=Request(path="/"), route="GET /", result="same"),
    Verdict(
        request=Request(path="/<b>/"),
        route="GET /<b>/",
        result="different",
        reason="the body differs",
        excerpt="<b>1</b> | <b>2</b>",
    ),
)
ROUTE = RouteProof(
    route="GET /",
    a=Costs(queries=2, cpu_ms=1.5),
    b=Costs(queries=51, cpu_ms=2.5),
    cpu=Interval(ratio=1.6, low=1.5, high=1.7),
    judgement="worse",
    reasons=("2 queries, then 51",),
)
LOADED = Loaded(p50_ms=1, p95_ms=2, p99_ms=3, rate=10, requests=40)
PROOF = Proof(
    a="v1.4",
    b=".",
    judgement="different answers",
    reasons=("other answers on 1 route(s): GET /<b>/",),
    overall=replace(ROUTE, route=""),
    routes=(ROUTE,),
    answers=VERDICTS,
    effects=(Effect(table="shop_order", what="3 rows after A, 4 after B"),),
    load=LoadProof(
        rate=10,
        a=LOADED,
        b=LOADED,
        ratios={"p95": Interval(ratio=1, low=0.9, high=1.1)},
        knee_a=20,
        first_b="GIL: the busiest process used 0.99 of <one> core",
        routes={"GET /": (LOADED, replace(LOADED, p95_ms=7))},
        notes=("knee of B: p95 was 300 ms",),
    ),
    distributions={"GET /": ((1.0, 1.5, 2.0), (2.0, 2.5, 3.0))},
    seconds={"cost": 3.0},
)


def valid(told: Any, name: str) -> None:
    check(told, name, documented(), name)
    jsonschema.validate(told, json.loads((SCHEMAS / f"{name.lower()}.schema.json").read_text()))


@pytest.mark.parametrize("told", [TOLD, None], ids=["saturated", "not looked at"])
@pytest.mark.parametrize("knee", [KNEE, None], ids=["knee", "one rate"])
def test_a_load_is_as_documented(told: Saturation | None, knee: Knee | None) -> None:
    valid(load_json([(result(1, 2, 300, errors=1), told)], knee, MIX), "Load")


def test_a_proof_is_as_documented() -> None:
    valid(proof_json(PROOF), "Proof")
    untimed = replace(ROUTE, cpu=None, a=Costs(queries=2), b=Costs(queries=2))
    valid(proof_json(replace(PROOF, routes=(untimed,))), "Proof")
    valid(proof_json(replace(PROOF, load=None, answers=())), "Proof")


def printed(width: int = 120) -> tuple[Console, io.StringIO]:
    output = io.StringIO()
    return Console(file=output, width=width, color_system=None), output


def test_a_load_is_printed_with_what_gave_out_and_what_did_not() -> None:
    console, output = printed()
    render_load([(result(1, 2, 300, errors=1), TOLD)], KNEE, MIX, console)
    text = output.getvalue()
    assert "Knee: 5 requests/s (p95 ≤ 100 ms, errors ≤ 0.1 %); p95 was 300 ms" in text
    assert "First to give out: locks" in text
    assert "GIL: not measured; not here" in text
    assert "1 × status 500" in text


def test_what_gave_out_is_that_of_the_lowest_rate_that_broke() -> None:
    """The search for the knee ends with a rate that held as often as not."""
    console, output = printed()
    held, none = result(1, 2, 3), Saturation(first=None, others=())
    wilder = replace(result(1, 900), phase=Phase(rate=40, seconds=1))
    other = Saturation(first=replace(LOCKS, name="memory"), others=())
    steps = [(wilder, other), (result(1, 300), TOLD), (replace(held, seconds=2), none)]
    render_load(steps, KNEE, MIX, console)
    assert "At 10/s:" in output.getvalue()
    assert "First to give out: locks" in output.getvalue()
    assert "memory" not in output.getvalue()


def test_the_page_of_a_proof_has_what_gave_out_and_latencies_by_route() -> None:
    page = render(PROOF)
    assert "First of B to give out above its knee: GIL" in page
    assert "0.99 of &lt;one&gt; core" in page
    assert "<td>GET /</td><td>40 → 40</td><td>1.0 → 1.0</td><td>2.0 → 7.0</td>" in page
    untimed = replace(ROUTE, cpu=None, a=Costs(queries=2), b=Costs(queries=2))
    assert "None" not in render(replace(PROOF, routes=(untimed,)))


def test_routes_and_answers_are_no_markup() -> None:
    console, output = printed()
    render_load([(replace(result(1), routes={"GET /[red]/": RouteLoad(latency=Latency())}), TOLD)],
                None, MIX, console)  # fmt: skip
    render_proof(PROOF, console)
    text = output.getvalue()
    assert "GET /[red]/" in text
    assert text.index("different answers") < text.index("<b>1</b> | <b>2</b>")
    assert "2 → 51" in text


def test_the_page_of_a_proof_asks_nothing_of_the_network_and_escapes() -> None:
    page = render(PROOF)
    assert "&lt;b&gt;1&lt;/b&gt;" in page
    assert "<b>1</b>" not in page
    assert "http:" not in page.replace("http://www.w3.org", "")
    assert page.count("<svg") == 1


def test_the_page_has_the_distribution_of_latencies_and_few_answers_of_each_route() -> None:
    assert PROOF.load is not None
    load = replace(
        PROOF.load,
        a=replace(LOADED, latencies=tuple(map(float, range(1, 100)))),
        b=replace(LOADED, latencies=tuple(map(float, range(2, 200, 2)))),
    )
    page = render(replace(PROOF, load=load, answers=VERDICTS * 5))
    assert page.count("<svg") == 2
    assert page.count("the body differs") == 3
    assert "… and 2 more." in page
