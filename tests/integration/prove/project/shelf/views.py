"""Pages and JSON, and a form that writes."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render

from shelf.models import Author, Book, Note


def books(request: HttpRequest) -> HttpResponse:
    shown = Book.objects.select_related("author").order_by("pk")[:50]
    return render(request, "books.html", {"books": shown})


def book(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Book, pk=pk)
    return JsonResponse({"title": found.title, "price": found.price})


def authors(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"authors": [each.name for each in Author.objects.order_by("pk")[:100]]})


def notes(request: HttpRequest) -> HttpResponse:
    shown = Note.objects.order_by("pk")[:20]
    first = Book.objects.order_by("pk").first()
    return render(request, "notes.html", {"notes": shown, "book": first})


def add(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        Note.objects.create(book_id=request.POST["book"], text=request.POST["text"], stars=1)
    return redirect("/notes/")
