"""Five routes."""

from __future__ import annotations

from django.urls import path

from shelf import views

urlpatterns = [
    path("", views.books),
    path("books/<int:pk>/", views.book),
    path("authors/", views.authors),
    path("notes/", views.notes),
    path("notes/add/", views.add),
]
