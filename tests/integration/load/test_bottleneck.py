"""Each thing that can run out is named, of a real site that lacks just that."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nuages.lab import Lab
from nuages.load import Budget, Phase
from nuages.load.saturation import Saturation
from nuages.loading import served_site
from nuages.serving import ServerOptions
from nuages.traffic.mix import Mix, Template

pytestmark = pytest.mark.xdist_group("load")


def loaded(lab: Lab, view: str, rate: float, *, workers: int = 2, pool: bool = False) -> Saturation:
    told = {"NARROW_POOL": "1"} if pool else {}
    project = replace(lab.project, environment={**lab.project.environment, **told})
    here = replace(lab, project=project)
    mix = Mix(templates=(Template(route=f"GET /{view}/", path=f"/{view}/"),))
    options = ServerOptions(workers=workers)
    with (
        served_site(here, mix, options=options, recorded=True) as site,
        site.running(Budget()) as run,
    ):
        run(Phase(rate=rate, seconds=2, timeout=2))
    lab.runs = here.runs
    return site.measured[-1].saturation


@pytest.mark.parametrize(
    ("view", "rate", "what"),
    [
        ("cpu", 200, "CPU of replicas"),
        ("database", 150, "CPU of the database"),
        ("lock", 60, "locks"),
        ("connections", 200, "connections"),
        ("outside", 150, "outside calls"),
        ("threads", 150, "threads"),
    ],
)
def test_what_gave_out_is_named(narrow: Lab, view: str, rate: float, what: str) -> None:
    told = loaded(narrow, view, rate)
    assert told.first is not None
    assert told.first.name == what
    assert all(each.evidence for each in told.others)


def test_one_process_on_several_cores_has_its_interpreter_for_a_limit(narrow: Lab) -> None:
    told = loaded(narrow, "cpu", 85, workers=1)
    assert told.first is not None
    assert told.first.name == "GIL"


def test_a_pool_of_one_connection(narrow: Lab) -> None:
    pytest.importorskip("psycopg_pool")
    told = loaded(narrow, "pool", 120, pool=True)
    assert told.first is not None
    assert told.first.name == "pool waits"
    assert any(each.name == "threads" and each.used and each.used > 1 for each in told.others)
