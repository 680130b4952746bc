"""Routes."""

from django.urls import include, path, re_path, register_converter
from rest_framework.routers import DefaultRouter

from shelf import api, views
from shelf.models import Book


class Known:
    """Matches numbers of books that there are."""

    regex = "[0-9]+"

    def to_python(self, value):
        if not Book.objects.filter(pk=value).exists():
            raise ValueError
        return int(value)

    def to_url(self, value):
        return str(value)


register_converter(Known, "known")
router = DefaultRouter()
router.register("books", api.BookViewSet)
router.register("paged", api.PagedBookViewSet, basename="paged")

urlpatterns = [
    path("books/", views.books),
    path("books/<int:pk>/", views.book),
    path("known/<known:pk>/", views.book),
    path("async-books/", views.books),
    path("listed/", views.BookList.as_view()),
    path("wrapped/", views.wrapped(views.BookList.as_view())),
    re_path(r"^year/(?P<year>\d+)/$", views.year),
    path("export/", views.export),
    path("export-async/", views.export_async),
    path("pool/", views.pool),
    path("thread/", views.thread),
    path("async/", views.asynchronous),
    path("managed/", views.managed),
    path("broken/", views.broken),
    path("api/", include(router.urls)),
]
