"""A page, a list in JSON, one object."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render

from shelf.models import Author, Book


def books(request: HttpRequest) -> HttpResponse:
    shown = Book.objects.select_related("author").order_by("title", "pk")[:100]
    return render(request, "books.html", {"books": shown})


def book(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Book.objects.select_related("author"), pk=pk)
    return JsonResponse({"title": found.title, "author": found.author.name})


def authors(request: HttpRequest) -> HttpResponse:
    found = Author.objects.order_by("pk")[:200]
    return JsonResponse({"authors": [{"id": each.pk, "name": each.name} for each in found]})
