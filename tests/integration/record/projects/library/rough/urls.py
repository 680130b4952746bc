"""The library's routes and more."""

from django.urls import include, path

from rough import cursors, views

urlpatterns = [
    path("orm/", views.orm),
    path("raw/", views.raw),
    path("odd-cursors/", cursors.odd_cursors),
    path("transactions/", views.transactions),
    path("caches/", views.caches),
    path("services/", views.services),
    path("threads/", views.threads),
    path("gathered/", views.gathered),
    path("broken-async/", views.broken_async),
    path("cancelled/", views.cancelled),
    path("templated/", views.templated),
    path("torn/", views.torn),
    path("torn-async/", views.torn_async),
    path("file/", views.file),
    path("failing/<slug:how>/", views.failing),
    path("collected/", views.collected),
    path("commanded/", views.commanded),
    path("forking/<slug:how>/", views.forking),
    path("", include("config.urls")),
]
