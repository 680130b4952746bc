"""Views that load a row at a time, each in its own way."""

import functools
import threading
from concurrent.futures import ThreadPoolExecutor

from django.db import connection
from django.http import HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.generic import ListView

from shelf.models import Author, Book


def books(request):
    found = Book.objects.published()
    return render(request, "shelf/books.html", {"books": found})


def book(request, pk):
    found = get_object_or_404(Book, pk=pk)
    return HttpResponse(found.author.name)


def year(request, year):
    names = [b.author.name for b in Book.objects.filter(title__startswith="B")]
    return JsonResponse({"names": names})


class BookList(ListView):
    model = Book
    template_name = "shelf/listed.html"


def wrapped(view):
    @functools.wraps(view)
    def inner(request, *args, **kwargs):
        return view(request, *args, **kwargs)

    return inner


def export(request):
    def lines():
        for b in Book.objects.all().iterator():
            yield b.author.name

    return StreamingHttpResponse(lines())


async def export_async(request):
    async def lines():
        async for b in Book.objects.all():
            author = await Author.objects.aget(pk=b.author_id)
            yield author.name

    return StreamingHttpResponse(lines())


def pool(request):
    with ThreadPoolExecutor(2) as executor:
        names = list(executor.map(name_of, [1, 2, 3]))
    return JsonResponse({"names": names})


def name_of(pk):
    try:
        return Author.objects.filter(pk=pk).count()
    finally:
        connection.close()


def thread(request):
    worker = threading.Thread(target=name_of, args=(1,))
    worker.start()
    worker.join()
    return HttpResponse("ok")


async def asynchronous(request):
    names = []
    async for b in Book.objects.all():
        author = await Author.objects.aget(pk=b.author_id)
        names.append(author.name)
    return JsonResponse({"names": names})


def managed(request):
    return JsonResponse({"newest": [b.title for b in Book.objects.newest()]})


def broken(request):
    Book.objects.count()
    raise RuntimeError("broken")
