"""What renders: who asked for a query within, and how long the outermost took."""

from __future__ import annotations

import pytest

CASES = "errands.rendering."


@pytest.fixture(params=["light", "deep"])
def rendered(request, run_errands):
    return run_errands(request.param, "default")


def test_a_line_of_jinja_is_the_trigger_and_the_render_is_blamed(rendered):
    [loop] = [g for g in rendered.queries(CASES + "jinja", "SELECT") if g.loops]
    assert loop.calls == 4
    assert (loop.trigger.file, loop.trigger.line) == ("books.html", 2)
    assert loop.location.function == "jinja"


def test_only_the_outermost_template_is_timed(rendered):
    assert rendered.calls(CASES + "jinja", "template").keys() == {("outer.html", "render")}


def test_a_renderer_is_timed(rendered):
    [(name, operation)] = rendered.calls(CASES + "rest", "template")
    assert (name, operation) == ("rest_framework.renderers.JSONRenderer", "render")
