"""Routes of a help desk."""

from desk import views
from django.urls import path

urlpatterns = [
    path("", views.page, {"name": "home"}),
    path("open/", views.page, {"name": "open"}),
    path("closed/", views.page, {"name": "closed"}),
]
