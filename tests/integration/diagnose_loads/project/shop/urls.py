"""Every view at a path of its own name."""

import inspect

from django.contrib import admin
from django.urls import path

from shop import loud, quiet


def views(module):
    for name, value in vars(module).items():
        if getattr(value, "__module__", "") != module.__name__:
            continue
        if inspect.isfunction(value) and list(inspect.signature(value).parameters) == ["request"]:
            yield path(f"{name}/", value)
        elif hasattr(value, "as_view"):
            actions = ({"get": "list"},) if name.endswith("ViewSet") else ()
            yield path(f"{name}/", value.as_view(*actions))


urlpatterns = [path("admin/", admin.site.urls), *views(loud), *views(quiet)]
