"""Where the lists are."""

from django.urls import path

from press import views

urlpatterns = [path("papers/", views.papers), path("authors/", views.authors)]
