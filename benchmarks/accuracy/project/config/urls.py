"""Every view of the modules below has a path of its own name."""

from inspect import isclass, isfunction, signature

from django.contrib import admin
from django.urls import path
from loud import asynchronous, classes, lists, rest, rows, views, writes
from quiet import asynchronous as quiet_asynchronous
from quiet import classes as quiet_classes
from quiet import data as quiet_data
from quiet import rest as quiet_rest
from quiet import views as quiet_views
from quiet import writes as quiet_writes

LOUD = (views, rows, writes, lists, classes, rest, asynchronous)
QUIET = (quiet_views, quiet_data, quiet_writes, quiet_classes, quiet_rest, quiet_asynchronous)


def views_of(module):
    """Name → view: functions of a request, and classes with as_view()."""
    found = {}
    for name, value in vars(module).items():
        if getattr(value, "__module__", "") != module.__name__:
            continue
        if isfunction(value) and next(iter(signature(value).parameters), "") == "request":
            found[name] = value
        elif isclass(value) and hasattr(value, "as_view"):
            found[name] = value.as_view()
    return found


urlpatterns = [
    path("admin/", admin.site.urls),
    *(
        path(f"{name}/", view)
        for module in (*LOUD, *QUIET)
        for name, view in views_of(module).items()
    ),
]
