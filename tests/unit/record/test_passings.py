"""A request's way through the layers of its handler, in whichever order they are left."""

from __future__ import annotations

from nuages.record import executions, faults, passings
from nuages.record.passings import Layer


class Request:
    """As bare as a request can be."""


def test_a_layer_that_was_abandoned_may_end_after_those_around_it():
    execution = executions.begin("request", "GET /")
    execution.is_sampled = True
    outermost, inner = Layer("Outermost"), Layer("Inner")
    outermost.is_outermost = True
    faults.clear()
    with executions.enter(execution):
        outer = passings.begin(outermost, Request())
        abandoned = passings.begin(inner, Request())
        outer.end(None)
        abandoned.end(None)
        assert passings.running.get() is None
    executions.end(execution)
    assert faults.texts == []
