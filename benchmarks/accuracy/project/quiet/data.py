"""What is loaded is used."""

from django.core.paginator import Paginator
from django.http import JsonResponse
from shop.models import Author, Book, Manuscript, Option, Sale, Tag


def answer(values):
    return JsonResponse({"values": [str(value) for value in values]})


def length_of_what_is_listed(request):
    authors = list(Author.objects.all())
    return answer([len(authors), *authors])


def length_of_a_queryset_that_is_listed(request):
    tags = Tag.objects.all()
    return answer([len(tags), *[tag.name for tag in tags]])


def truth_of_what_is_listed(request):
    tags = Tag.objects.filter(pk__gt=1)
    if tags:
        return answer([tag.name for tag in tags])
    return answer(["none"])


def exists_asked(request):
    return answer([Book.objects.filter(pages__gt=3).exists()])


def count_asked(request):
    return answer([Book.objects.count()])


def paged(request):
    page = Paginator(Book.objects.only("title").order_by("pk"), 5).page(1)
    return answer([book.title for book in page])


def narrow_rows(request):
    return answer([row.name for row in Manuscript.objects.only("name")])


def without_the_wide_column(request):
    return answer([row.name for row in Manuscript.objects.defer("text")])


def wide_column_used(request):
    return answer([len(row.text) for row in Manuscript.objects.all()])


def all_of_a_small_table(request):
    return answer([option.value for option in Option.objects.all()])


def joined_and_used(request):
    return answer([sale.book.title for sale in Sale.objects.select_related("book")])


def wide_column_of_one(request):
    return answer([Manuscript.objects.get(pk=1).name])


def used_by_a_template(request):
    from django.shortcuts import render

    return render(request, "texts.html", {"rows": Manuscript.objects.all()})


def serialized_whole(request):
    from django.core.serializers import serialize

    return JsonResponse({"books": serialize("json", Manuscript.objects.all())})


def listed_as_values(request):
    return JsonResponse({"books": list(Book.objects.values("title", "pages"))})
