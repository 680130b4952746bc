"""Asynchronous views, streams, and work in threads."""

from concurrent.futures import ThreadPoolExecutor

from asgiref.sync import sync_to_async
from django.db import connections
from django.http import JsonResponse, StreamingHttpResponse
from shop.models import Author, Book


async def awaited_one_by_one(request):
    values = []
    async for book in Book.objects.values_list("author_id", flat=True):
        values.append((await Author.objects.aget(pk=book)).name)  # <- n-plus-one in_bulk
    return JsonResponse({"values": values})


async def awaited_counts(request):
    values = []
    async for author in Author.objects.all():
        values.append(await author.books.acount())  # <- n-plus-one annotate books
    return JsonResponse({"values": values})


def names_of(books):
    return [
        book.author.name for book in books
    ]  # <- @handed_to_a_thread n-plus-one select_related author


async def handed_to_a_thread(request):
    values = await sync_to_async(names_of)(Book.objects.all())
    return JsonResponse({"values": values})


async def async_related_rows(request):
    values = []
    async for author in Author.objects.order_by("pk"):
        values.append(
            [book.title async for book in author.books.all()]
        )  # <- n-plus-one prefetch_related books
    return JsonResponse({"values": values})


def streamed(request):
    def lines():
        for book in Book.objects.order_by("pk"):
            yield f"{book.author.name}\n"  # <- @streamed n-plus-one select_related author

    return StreamingHttpResponse(lines())


def in_a_thread(request):
    def work():
        try:
            return [
                book.publisher.name for book in Book.objects.all()
            ]  # <- @in_a_thread n-plus-one select_related publisher
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        return JsonResponse({"values": pool.submit(work).result()})
