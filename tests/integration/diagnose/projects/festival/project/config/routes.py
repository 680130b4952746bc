"""Routes of the views that a module defines."""

import inspect

from django.urls import path


def routes_of(module):
    """A path for each public function, and for each class with as_view(), of a module itself."""
    for name, view in vars(module).items():
        if name.startswith("_") or getattr(view, "__module__", "") != module.__name__:
            continue
        if inspect.isclass(view) and hasattr(view, "as_view"):
            actions = [{"get": "list"}] if hasattr(view, "get_extra_actions") else []
            yield path(f"{name}/", view.as_view(*actions))
        elif inspect.isfunction(view) and "request" in inspect.signature(view).parameters:
            yield path(f"{name}/", view)
