"""Loops that ask for nothing more, and single questions."""

from django.db.models import Count, Exists, OuterRef, Prefetch, prefetch_related_objects
from django.http import JsonResponse
from django.shortcuts import get_object_or_404, render
from shop.models import Author, Book, Note, Option, Profile, Publisher, Review, Tag


def answer(values):
    return JsonResponse({"values": [str(value) for value in values]})


def joined(request):
    return answer([book.author.name for book in Book.objects.select_related("author")])


def joined_twice(request):
    books = Book.objects.select_related("publisher__city")
    return answer([book.publisher.city.name for book in books])


def joined_backwards(request):
    return answer([author.profile.bio for author in Author.objects.select_related("profile")])


def prefetched(request):
    authors = Author.objects.prefetch_related("books")
    return answer([[book.title for book in author.books.all()] for author in authors])


def prefetched_many(request):
    books = Book.objects.prefetch_related("tags")
    return answer([[tag.name for tag in book.tags.all()] for book in books])


def prefetched_twice(request):
    values = []
    for author in Author.objects.prefetch_related("books__reviews"):
        for book in author.books.all():
            values += [review.stars for review in book.reviews.all()]
    return answer(values)


def prefetched_to_a_name(request):
    good = Prefetch("reviews", queryset=Review.objects.filter(stars=5), to_attr="good")
    books = Book.objects.prefetch_related(good)
    return answer([[review.text for review in book.good] for book in books])


def prefetched_targets(request):
    return answer([str(note.target) for note in Note.objects.prefetch_related("target")])


def prefetched_later(request):
    books = list(Book.objects.all())
    prefetch_related_objects(books, "tags")
    return answer([[tag.name for tag in book.tags.all()] for book in books])


def filtered_in_python(request):
    books = Book.objects.prefetch_related("reviews")
    return answer([[r.text for r in book.reviews.all() if r.stars > 4] for book in books])


def counted_in_python(request):
    authors = Author.objects.prefetch_related("books")
    return answer([len(author.books.all()) for author in authors])


def counted_by_prefetch(request):
    authors = Author.objects.prefetch_related("books")
    return answer([author.books.count() for author in authors])


def annotated(request):
    authors = Author.objects.annotate(total=Count("books"))
    return answer([author.total for author in authors])


def annotated_existence(request):
    good = Review.objects.filter(book=OuterRef("pk"), stars=5)
    return answer([book.good for book in Book.objects.annotate(good=Exists(good))])


def fetched_in_bulk(request):
    keys = list(Review.objects.values_list("book_id", flat=True))
    books = Book.objects.in_bulk(keys)
    return answer([books[key].title for key in keys])


def keys_only(request):
    return answer([book.author_id for book in Book.objects.all()])


def one_of_each_kind(request):
    author = Author.objects.get(pk=1)
    book = Book.objects.get(pk=1)
    tag = Tag.objects.get(pk=1)
    publisher = Publisher.objects.get(pk=1)
    return answer([author, book, tag, publisher.pk])


def one_object(request):
    book = get_object_or_404(Book, pk=1)
    return answer([book.author.name, book.publisher.name, book.author.profile.bio])


def one_object_and_its_rows(request):
    author = Author.objects.get(pk=1)
    return answer([book.title for book in author.books.all()])


def two_rows(request):
    return answer([book.author.name for book in Book.objects.order_by("pk")[:2]])


def one_row_of_a_loop(request):
    values = []
    for book in Book.objects.all():
        if book.pages == 105:
            values.append(book.author.name)
    return answer(values)


def stepped_through(request):
    values, last = [], 0
    while batch := list(Book.objects.filter(pk__gt=last).order_by("pk")[:4]):
        values += [book.title for book in batch]
        last = batch[-1].pk
    return answer(values)


def iterated_joined(request):
    books = Book.objects.select_related("author").iterator(chunk_size=5)
    return answer([book.author.name for book in books])


def iterated_prefetched(request):
    books = Book.objects.prefetch_related("tags").iterator(chunk_size=100)
    return answer([[tag.name for tag in book.tags.all()] for book in books])


def values_across_a_join(request):
    return answer(Book.objects.values_list("title", "author__name"))


def raw_with_a_join(request):
    books = Book.objects.raw(
        "SELECT b.*, a.name AS author_name FROM shop_book b JOIN shop_author a ON a.id=b.author_id"
    )
    return answer([book.author_name for book in books])


def kept_by_the_related_manager(request):
    author = Author.objects.prefetch_related("books").get(pk=1)
    return answer([book.author.name for book in author.books.all()])


def same_object_again(request):
    book = Book.objects.get(pk=1)
    return answer([book.author.name for _ in range(6)])


def three_questions(request):
    thin = Book.objects.filter(pages__lt=103).count()
    thick = Book.objects.filter(pages__gt=110).count()
    sold = Book.objects.filter(sold__gt=0).count()
    return answer([thin, thick, sold])


def asked_once(request):
    options = dict(Option.objects.values_list("key", "value"))
    return answer([options[f"key{number}"] for number in range(6)])


def template_joined(request):
    return render(request, "relation.html", {"books": Book.objects.select_related("author")})


def template_prefetched(request):
    return render(request, "rows.html", {"authors": Author.objects.prefetch_related("books")})


def template_include_prefetched(request):
    return render(request, "include.html", {"books": Book.objects.prefetch_related("tags")})


def template_tag_joined(request):
    return render(request, "tag.html", {"books": Book.objects.select_related("author")})


def template_one(request):
    return render(request, "author.html", {"author": Author.objects.get(name="Lonely")})


def profile_of_the_user(request):
    profiles = Profile.objects.select_related("city", "author")
    return answer([f"{profile.author} in {profile.city}" for profile in profiles])
