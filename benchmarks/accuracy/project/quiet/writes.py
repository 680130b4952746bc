"""Writes many rows at once, or one."""

from django.db import transaction
from django.http import JsonResponse
from shop.models import Author, Book, Option, Sale, Tag

DONE = {"done": True}


def created_at_once(request):
    Sale.objects.bulk_create([Sale(book_id=1, amount=number) for number in range(8)])
    return JsonResponse(DONE)


def created_in_batches(request):
    sales = [Sale(book_id=1, amount=number) for number in range(12)]
    Sale.objects.bulk_create(sales, batch_size=3)
    return JsonResponse(DONE)


def updated_at_once(request):
    authors = list(Author.objects.all())
    for author in authors:
        author.email = "new@example.com"
    Author.objects.bulk_update(authors, ["email"])
    return JsonResponse(DONE)


def updated_by_one_statement(request):
    Book.objects.filter(pages__gt=104).update(sold=1)
    return JsonResponse(DONE)


def deleted_by_one_statement(request):
    Option.objects.filter(key__startswith="nothing").delete()
    return JsonResponse(DONE)


def added_at_once(request):
    book = Book.objects.get(pk=3)
    book.tags.set(Tag.objects.all())
    return JsonResponse(DONE)


def saved_once(request):
    author = Author.objects.get(pk=1)
    author.email = "one@example.com"
    author.save(update_fields=["email"])
    return JsonResponse(DONE)


def two_kinds_saved(request):
    with transaction.atomic():
        author = Author.objects.create(name="New")
        Sale.objects.create(book_id=2, amount=2)
        Author.objects.filter(pk=author.pk).delete()
    return JsonResponse(DONE)


def savepoints(request):
    with transaction.atomic():
        for _ in range(5):
            with transaction.atomic():
                pass
        Sale.objects.filter(pk=1).update(amount=1)
    return JsonResponse(DONE)


def session_written(request):
    for number in range(5):
        request.session[f"item{number}"] = number
    return JsonResponse(DONE)
