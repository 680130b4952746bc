"""Asynchronous views, streams and threads that ask once."""

from concurrent.futures import ThreadPoolExecutor

from asgiref.sync import sync_to_async
from django.db import connections
from django.http import JsonResponse, StreamingHttpResponse
from shop.models import Author, Book


async def awaited_joined(request):
    values = []
    async for book in Book.objects.select_related("author"):
        values.append(book.author.name)
    return JsonResponse({"values": values})


async def awaited_prefetched(request):
    values = []
    async for author in Author.objects.prefetch_related("books"):
        values.append([book.title for book in author.books.all()])
    return JsonResponse({"values": values})


async def awaited_single(request):
    author = await Author.objects.aget(pk=1)
    return JsonResponse({"values": [author.name, await author.books.acount()]})


async def handed_over_joined(request):
    def names():
        return [book.author.name for book in Book.objects.select_related("author")]

    return JsonResponse({"values": await sync_to_async(names)()})


def streamed_joined(request):
    def lines():
        for book in Book.objects.select_related("author").iterator(chunk_size=5):
            yield f"{book.author.name}\n"

    return StreamingHttpResponse(lines())


def in_a_thread_joined(request):
    def work():
        try:
            return [book.publisher.name for book in Book.objects.select_related("publisher")]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        return JsonResponse({"values": pool.submit(work).result()})
