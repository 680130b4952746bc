"""Routes of a small library."""

from django.urls import path
from shelf import views

urlpatterns = [
    path(f"{name}/", getattr(views, name))
    for name in ("any_thick", "any_counted", "number", "spread", "titles", "short", "lend", "shown")
]
