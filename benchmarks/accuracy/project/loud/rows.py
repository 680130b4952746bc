"""More is loaded, or asked again, than is used."""

from django.http import JsonResponse
from shop.models import Author, Book, Manuscript, Option, Sale


def option(key):
    return Option.objects.get(key=key).value  # <- @asked_again repeated-query


def asked_again(request):
    return JsonResponse({"values": [option("key1") for _ in range(6)]})


def asked_again_in_the_view(request):
    values = []
    for _ in range(5):
        values.append(Book.objects.filter(pages__gt=105).count())  # <- repeated-query
    return JsonResponse({"values": values})


def counted_by_len(request):
    return JsonResponse({"books": len(Book.objects.filter(pages__gt=2))})  # <- count-by-len count


def counted_by_len_of_a_name(request):
    authors = Author.objects.filter(pk__gt=1)
    return JsonResponse({"authors": len(authors)})  # <- count-by-len count


def looked_at_for_truth(request):
    if Book.objects.filter(pages__gt=2):  # <- exists-by-truth exists
        return JsonResponse({"any": True})
    return JsonResponse({"any": False})


def prefetched_for_nothing(request):
    books = Book.objects.prefetch_related("reviews")  # <- unused-prefetch
    return JsonResponse({"titles": [book.title for book in books]})


def joined_for_nothing(request):
    sales = Sale.objects.select_related("book")  # <- unused-prefetch
    return JsonResponse({"amounts": [sale.amount for sale in sales]})


def wide_column_for_nothing(request):
    rows = Manuscript.objects.filter(pk__gt=0)  # <- over-fetch
    return JsonResponse({"names": [row.name for row in rows]})
