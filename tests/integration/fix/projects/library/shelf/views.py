"""Pages that ask more of the database than they need."""

from django.http import JsonResponse

from shelf.models import Book


def any_thick(request):
    thick = Book.objects.filter(pages__gt=10)
    if thick:
        return JsonResponse({"thick": True})
    return JsonResponse({"thick": False})


def any_counted(request):
    return JsonResponse({"none": Book.objects.filter(pages__gt=10).count() == 0})


def number(request):
    thick = Book.objects.filter(pages__gt=10)
    return JsonResponse({"number": len(thick)})


def spread(request):
    found = len(
        Book.objects.filter(pages__gt=10)  # the thick ones
        .exclude(title="")
        .order_by("year")
    )
    return JsonResponse({"number": found})


def titles(request):
    books = Book.objects.order_by("id")
    return JsonResponse({"titles": [book.title for book in books]})


def short(request):
    books = Book.objects.order_by("title")
    return JsonResponse({"rows": [(b.title, b.pages, b.blurb[:10]) for b in books]})


def lend(request):
    book = Book.objects.get(pk=3)
    book.is_lent = not book.is_lent
    book.save()
    return JsonResponse({"done": True})


def shown(request):
    books = Book.objects.filter(pages__gt=10)
    if books:
        return JsonResponse({"first": books[0].title, "number": len(books)})
    return JsonResponse({})
