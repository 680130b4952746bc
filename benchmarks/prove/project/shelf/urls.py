"""Three routes."""

from django.urls import path

from shelf import views

urlpatterns = [
    path("", views.books),
    path("books/<int:pk>/", views.book),
    path("authors/", views.authors),
]
