"""Loops over rows, each of which asks for more: a query a row."""

from django.db.models import Prefetch, Sum
from django.http import JsonResponse
from shop.models import Author, Book, Note, Review, Tag


def answer(values):
    return JsonResponse({"values": [str(value) for value in values]})


def author_of(book):
    return book.author.name  # <- @through_a_function n-plus-one select_related author


def foreign_key(request):
    names = []
    for book in Book.objects.all():
        names.append(book.author.name)  # <- n-plus-one select_related author
    return answer(names)


def foreign_key_in_a_comprehension(request):
    books = Book.objects.order_by("title")
    return answer([book.author.name for book in books])  # <- n-plus-one select_related author


def foreign_key_in_a_generator(request):
    names = (book.author.name for book in Book.objects.all())  # <- n-plus-one select_related author
    return answer(names)


def second_link(request):
    books = Book.objects.select_related("publisher")
    return answer(
        [book.publisher.city.name for book in books]
    )  # <- n-plus-one select_related publisher__city


def reverse_foreign_key(request):
    values = []
    for author in Author.objects.all():
        values += [
            book.title for book in author.books.all()
        ]  # <- n-plus-one prefetch_related books
    return answer(values)


def many_to_many(request):
    values = []
    for book in Book.objects.all():
        values.append(
            ", ".join(tag.name for tag in book.tags.all())
        )  # <- n-plus-one prefetch_related tags
    return answer(values)


def reverse_many_to_many(request):
    values = []
    for tag in Tag.objects.all():
        values.append(list(tag.books.all()))  # <- n-plus-one prefetch_related books
    return answer(values)


def reverse_one_to_one(request):
    return answer(
        [author.profile.bio for author in Author.objects.all()]
    )  # <- n-plus-one select_related profile


def generic_foreign_key(request):
    return answer(
        [note.target for note in Note.objects.all()]
    )  # <- n-plus-one prefetch_related target


def deferred_column(request):
    books = Book.objects.only("title")
    return answer([book.blurb for book in books])  # <- n-plus-one only blurb


def counted(request):
    return answer(
        [author.books.count() for author in Author.objects.all()]
    )  # <- n-plus-one annotate books


def looked_for(request):
    return answer(
        [book.reviews.exists() for book in Book.objects.all()]
    )  # <- n-plus-one annotate reviews


def summed(request):
    values = []
    for author in Author.objects.all():
        values.append(author.books.aggregate(Sum("pages")))  # <- n-plus-one annotate books
    return answer(values)


def filtered(request):
    values = []
    for book in Book.objects.all():
        values.append(list(book.reviews.filter(stars=5)))  # <- n-plus-one prefetch_related reviews
    return answer(values)


def prefetch_defeated(request):
    values = []
    for author in Author.objects.prefetch_related("books"):  # also unused-prefetch
        values.append(list(author.books.order_by("title")))  # <- n-plus-one prefetch_related books
    return answer(values)


def got_one_by_one(request):
    values = []
    for sale in Review.objects.values_list("book_id", flat=True):
        values.append(Book.objects.get(pk=sale))  # <- n-plus-one in_bulk
    return answer(values)


def first_of_each(request):
    values = []
    for book in Book.objects.all():
        values.append(Review.objects.filter(book=book, stars__gt=2).first())  # <- n-plus-one
    return answer(values)


def through_a_property(request):
    return answer([book.byline for book in Book.objects.all()])


def through_a_function(request):
    return answer([author_of(book) for book in Book.objects.all()])


def within_prefetched_rows(request):
    values = []
    for author in Author.objects.prefetch_related("books"):
        for book in author.books.all():
            values.append(len(book.reviews.all()))  # <- n-plus-one prefetch_related books__reviews
    return answer(values)


def of_one_object(request):
    author = Author.objects.get(pk=1)
    other = Author.objects.first()
    books = Book.objects.filter(author__in=[author, other]) | Book.objects.filter(pk__gt=4)
    return answer([book.publisher.name for book in books])  # <- n-plus-one select_related publisher


def rows_of_a_relation(request):
    tag = Tag.objects.get(pk=1)
    return answer(
        [book.author.name for book in tag.books.all()]
    )  # <- n-plus-one select_related author


def sliced(request):
    return answer(
        [book.author.name for book in Book.objects.order_by("pk")[:7]]
    )  # <- n-plus-one select_related author


def iterated(request):
    values = []
    for book in Book.objects.iterator(chunk_size=100):
        values.append(book.author.name)  # <- n-plus-one select_related author
    return answer(values)


def custom_queryset(request):
    return answer(
        [book.author.name for book in Book.objects.thick()]
    )  # <- n-plus-one select_related author


def in_a_filtered_prefetch(request):
    good = Prefetch("reviews", queryset=Review.objects.filter(stars=5), to_attr="good")
    values = []
    for book in Book.objects.prefetch_related(good):
        values += [
            review.reviewer.name for review in book.good
        ]  # <- n-plus-one select_related reviewer
    return answer(values)


def raw_rows(request):
    books = Book.objects.raw("SELECT * FROM shop_book")
    return answer([book.author.name for book in books])  # <- n-plus-one


def mapped(request):
    return answer(
        map(lambda book: book.author.name, Book.objects.all())
    )  # <- n-plus-one select_related author


def sorted_by_a_relation(request):
    books = Book.objects.all()
    return answer(
        sorted(books, key=lambda book: book.author.name)
    )  # <- n-plus-one select_related author


def grown_while_looping(request):
    queue, values = list(Book.objects.all()), []
    while queue:
        book = queue.pop()
        values.append(book.publisher.name)  # <- n-plus-one select_related publisher
    return answer(values)
