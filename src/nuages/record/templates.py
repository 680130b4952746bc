"""Templates and renderers: how long each takes, and what the template engine compiles."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from functools import wraps
from threading import get_ident
from types import ModuleType
from typing import Any

from nuages.record import faults, landmarks
from nuages.record.clocks import perf_counter_ns
from nuages.record.execution import Execution
from nuages.record.executions import current
from nuages.record.patches import Patches

Name = Callable[[Any], str]

UNNAMED = "(string)"


class Rendering:
    """What one thread renders for one execution; what is rendered within is part of it."""

    __slots__ = ("callers", "execution", "thread")

    def __init__(self, execution: Execution) -> None:
        self.execution = execution
        self.thread = get_ident()
        # Of each template being rendered, the innermost last: the site that renders it, once a
        # query has walked so far. The next query needs to go no further than its own node: in a
        # page of blocks within blocks that is a fifth of the stack.
        self.callers: list[int] = []


_rendering: ContextVar[Rendering | None] = ContextVar("nuages_rendering", default=None)


def rendering() -> Rendering | None:
    """What this thread is rendering now."""
    found = _rendering.get()
    return found if found is not None and found.thread == get_ident() else None


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


class _Outermost:
    """Something that is rendered while nothing else is; timed in a sampled execution."""

    __slots__ = ("_name", "_rendering", "_started_ns", "_token")

    def __init__(self, target: Any, name: Name) -> None:
        execution = current()
        self._name = name(target) if execution.is_sampled else ""
        self._rendering = Rendering(execution)
        self._token = _rendering.set(self._rendering)
        self._rendering.callers.append(0)
        self._started_ns = perf_counter_ns()

    def end(self, *outcomes: str) -> None:
        wall_ns = perf_counter_ns() - self._started_ns
        try:
            self._rendering.callers.clear()
            if self._name:
                key = ("template", self._name, "render", 0)
                execution = self._rendering.execution
                execution.call(key, self._started_ns, wall_ns, ("sampled", *outcomes))
            _rendering.reset(self._token)
        except ValueError:  # ended in another context, as a generator may be
            pass
        except Exception:
            faults.note()


def _begin(target: Any, name: Name) -> _Outermost | None:
    try:
        return _Outermost(target, name)
    except Exception:
        faults.note()
        return None


def _rendering_by(original: Callable[..., Any], name: Name) -> Callable[..., Any]:
    @wraps(original)
    def render(self: Any, *args: Any, **kwargs: Any) -> Any:
        within = _rendering.get()
        if within is not None and within.callers and within.thread == get_ident():
            callers = within.callers
            callers.append(0)
            try:
                return original(self, *args, **kwargs)
            finally:
                if callers:
                    callers.pop()
        outermost = _begin(self, name)
        if outermost is None:
            return original(self, *args, **kwargs)
        try:
            result = original(self, *args, **kwargs)
        except BaseException:
            outermost.end("raised")
            raise
        outermost.end()
        return result

    landmarks.add(render, landmarks.RENDERING)
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
