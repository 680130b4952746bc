"""Writes one row at a time."""

from django.http import JsonResponse
from shop.models import Author, Book, Option, Sale, Tag

DONE = {"done": True}


def created_one_by_one(request):
    for number in range(8):
        Sale.objects.create(book_id=1, amount=number)  # <- row-by-row-write bulk_create
    return JsonResponse(DONE)


def saved_one_by_one(request):
    for author in Author.objects.all():
        author.email = f"{author.pk}@example.com"
        author.save()  # <- row-by-row-write bulk_update
    return JsonResponse(DONE)


def updated_one_by_one(request):
    for number in range(1, 9):
        Book.objects.filter(pk=number).update(sold=number)  # <- row-by-row-write bulk_update
    return JsonResponse(DONE)


def deleted_one_by_one(request):
    Option.objects.bulk_create([Option(key=f"old{n}", value="") for n in range(6)])
    for old in Option.objects.filter(key__startswith="old"):
        old.delete()  # <- row-by-row-write bulk_delete
    return JsonResponse(DONE)


def added_one_by_one(request):
    book = Book.objects.get(pk=2)
    book.tags.clear()
    for tag in Tag.objects.all():
        book.tags.add(tag)  # <- row-by-row-write
    return JsonResponse(DONE)
