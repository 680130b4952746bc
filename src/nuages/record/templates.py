"""Templates and renderers: how long each takes, and what the template engine compiles."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from functools import wraps
from types import ModuleType
from typing import Any

from nuages.record import faults
from nuages.record.clocks import perf_counter_ns
from nuages.record.executions import Execution, current
from nuages.record.patches import Patches

Name = Callable[[Any], str]

UNNAMED = "(string)"

# The execution for which something is rendered: what is rendered within is part of it.
_rendering: ContextVar[Execution | None] = ContextVar("nuages_rendering", default=None)


def hook_django(module: ModuleType, patches: Patches) -> None:
    """Patch django.template.base."""
    template = module.Template
    patches.replace(template, "render", _rendering_by(template.render, _name))
    patches.replace(template, "compile_nodelist", _compiling(template.compile_nodelist))


def hook_jinja(module: ModuleType, patches: Patches) -> None:
    """Patch jinja2.environment."""
    template = module.Template
    patches.replace(template, "render", _rendering_by(template.render, _name))


def hook_rest(module: ModuleType, patches: Patches) -> None:
    """Patch rest_framework.response."""
    response = module.Response
    content = vars(response)["rendered_content"]
    render = _rendering_by(content.fget, _name_of_renderer)
    patches.replace(response, "rendered_content", property(render, doc=content.__doc__))


def _name(template: Any) -> str:
    return str(template.name or UNNAMED)


def _name_of_renderer(response: Any) -> str:
    renderer = type(response.accepted_renderer)
    return f"{renderer.__module__}.{renderer.__qualname__}"


class _Timed:
    """Something outermost that is being rendered in a sampled execution."""

    __slots__ = ("_execution", "_name", "_started_ns", "_token")

    def __init__(self, name: str, execution: Execution) -> None:
        self._name = name
        self._execution = execution
        self._token = _rendering.set(execution)
        self._started_ns = perf_counter_ns()

    def end(self, *outcomes: str) -> None:
        wall_ns = perf_counter_ns() - self._started_ns
        try:
            key = ("template", self._name, "render", 0)
            self._execution.call(key, self._started_ns, wall_ns, ("sampled", *outcomes))
            _rendering.reset(self._token)
        except ValueError:  # ended in another context, as a generator may be
            pass
        except Exception:
            faults.note()


def _begin(target: Any, name: Name) -> _Timed | None:
    try:
        execution = current()
        if execution.is_sampled and _rendering.get() is not execution:
            return _Timed(name(target), execution)
    except Exception:
        faults.note()
    return None


def _rendering_by(original: Callable[..., Any], name: Name) -> Callable[..., Any]:
    @wraps(original)
    def render(self: Any, *args: Any, **kwargs: Any) -> Any:
        timed = _begin(self, name)
        if timed is None:
            return original(self, *args, **kwargs)
        try:
            result = original(self, *args, **kwargs)
        except BaseException:
            timed.end("raised")
            raise
        timed.end()
        return result

    return render


def _compiling(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def compile_nodelist(self: Any) -> Any:
        start = perf_counter_ns()
        nodes = original(self)
        try:
            wall_ns = perf_counter_ns() - start
            current().call(("template", _name(self), "compile", 0), start, wall_ns)
        except Exception:
            faults.note()
        return nodes

    return compile_nodelist
