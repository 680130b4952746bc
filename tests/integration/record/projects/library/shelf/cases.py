"""Accesses to the database in every form; each function is recorded as a scope of its own."""

import asyncio
import copy
import pickle
from concurrent.futures import ThreadPoolExecutor

from django.contrib.contenttypes.models import ContentType
from django.db import connection, connections, transaction
from django.db.models import Count, FilteredRelation, Prefetch, Q, Value
from django.shortcuts import get_object_or_404
from django.template import Context, Template
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from shelf.models import Author, Blurb, Book, Chapter, Mark, Place, Review, Shop, Tag


def fk():
    for book in Book.objects.all():
        book.author


def fk_of_fk():
    for book in Book.objects.filter(is_hidden=False):
        book.author.agent


def fk_below_a_join():
    for book in Book.objects.select_related("author"):
        book.author.agent


def fk_below_two_joins():
    for review in Review.objects.select_related("book__author").order_by("id"):
        review.book.author.agent


def fk_below_a_prefetch():
    for author in Author.objects.filter(books__isnull=False).prefetch_related("books__review_set"):
        for book in author.books.all():
            book.blurb


def fk_below_a_prefetch_of_its_own():
    own = Prefetch("books", queryset=Book.objects.exclude(title=""))
    for author in Author.objects.filter(books__isnull=False).prefetch_related(own):
        for book in author.books.all():
            book.blurb


def fk_below_a_prefetch_to_attr():
    own = Prefetch("books", queryset=Book.objects.exclude(title=""), to_attr="listed")
    for author in Author.objects.filter(books__isnull=False).prefetch_related(own):
        for book in author.listed:
            book.blurb


def prefetch_of_a_single_relation():
    for book in Book.objects.prefetch_related("author"):
        book.author.agent


def joined_in_a_prefetch():
    inner = Book.objects.select_related("author")
    for author in Author.objects.prefetch_related(Prefetch("books", queryset=inner)):
        for book in author.books.all():
            book.author.agent


def tree():
    parent = None
    for number in range(12):
        parent = Author.objects.create(name=str(number), agent=parent)
    author = Author.objects.get(pk=parent.pk)
    while author is not None:
        author = author.agent


def reverse_fk():
    for author in Author.objects.filter(books__isnull=False):
        list(author.books.all())


def reverse_fk_unnamed():
    for book in Book.objects.all():
        for review in book.review_set.all():
            review.stars


def reverse_fk_directly():
    for book in Book.objects.all():
        list(book.review_set.iterator())


def reverse_fk_filtered():
    for book in Book.objects.all():
        list(book.review_set.filter(stars=3))


def reverse_fk_filtered_though_prefetched():
    for book in Book.objects.prefetch_related("review_set"):
        list(book.review_set.filter(stars=3))


def now_and_again():
    for _ in range(3):
        list(Review.objects.annotate(asked=Value(timezone.now())))


def saved_again():
    book = Book.objects.first()
    title = book.title
    for other in ("one", "two", title):
        book.title = other
        book.save()


def saved_each():
    for book in Book.objects.all():
        book.save()


def reverse_fk_ordered():
    for book in Book.objects.all():
        list(book.review_set.order_by("stars"))


def reverse_fk_of_ordered_model():
    for book in Book.objects.all():
        list(book.chapters.all())


def reverse_fk_sliced():
    for book in Book.objects.all():
        book.review_set.all()[:1][0]


def reverse_fk_first():
    for book in Book.objects.all():
        book.review_set.first()


def reverse_fk_counted():
    for book in Book.objects.all():
        book.review_set.count()


def reverse_fk_exists():
    for book in Book.objects.all():
        book.review_set.exists()


def reverse_fk_got():
    for book in Book.objects.all():
        book.review_set.get(stars=3)


def reverse_fk_latest():
    for book in Book.objects.all():
        book.review_set.latest("id")


def reverse_fk_values():
    for book in Book.objects.all():
        list(book.review_set.values_list("stars", flat=True))


def reverse_fk_aggregated():
    for book in Book.objects.all():
        book.review_set.aggregate(Count("id"))


def reverse_fk_annotated():
    for book in Book.objects.all():
        list(book.review_set.annotate(n=Count("id")))


def reverse_fk_joined():
    for book in Book.objects.all():
        for review in book.review_set.select_related("book__author"):
            review.book.author


def reverse_fk_of_custom_manager():
    for author in Author.objects.filter(books__isnull=False):
        list(author.books(manager="visible").all())


def reverse_o2o():
    for book in Book.objects.all():
        book.blurb


def forward_o2o():
    for blurb in Blurb.objects.all():
        blurb.book


def o2o_joined_backwards():
    for book in Book.objects.select_related("blurbed"):
        book.blurb.book.author


def m2m():
    for book in Book.objects.all():
        list(book.tags.all())


def m2m_backwards():
    for tag in Tag.objects.all():
        for book in tag.tagged.all():
            book.title


def m2m_counted():
    for book in Book.objects.all():
        book.tags.count()


def m2m_exists():
    for book in Book.objects.all():
        book.tags.exists()


def m2m_filtered():
    for book in Book.objects.all():
        list(book.tags.filter(name="a"))


def m2m_hidden_backwards():
    for shop in Shop.objects.all():
        list(shop.sells.all())


def inherited_fk():
    for shop in Shop.objects.all():
        shop.owner


def polymorphic_fk():
    for place in Place.as_shops.all():
        place.owner


def polymorphic_m2m():
    for place in Place.as_shops.all():
        list(place.sells.all())


def parent_link():
    for shop in Shop.objects.only("place_ptr_id"):
        shop.place_ptr


def child_of_parent():
    for place in Place.objects.all():
        place.shop


def gfk():
    ContentType.objects.get_for_model(Book)
    for mark in Mark.objects.order_by("id"):
        mark.target


def gfk_prefetched():
    for mark in Mark.objects.prefetch_related("target"):
        if isinstance(mark.target, Book):
            mark.target.author


def generic_relation():
    ContentType.objects.get_for_model(Book)
    for book in Book.objects.all():
        list(book.marks.all())


def generic_relation_filtered():
    for book in Book.objects.all():
        list(book.marks.filter(pk__gt=0))


def deferred():
    for book in Book.objects.only("title"):
        book.summary


def deferred_fk():
    for book in Book.objects.defer("author"):
        book.author


def refreshed():
    for book in Book.objects.all():
        book.refresh_from_db()


def raw():
    for book in Book.objects.raw("SELECT * FROM shelf_book"):
        book.author


def iterated():
    for book in Book.objects.iterator():
        book.author


def iterated_in_chunks():
    for book in Book.objects.prefetch_related("author").iterator(chunk_size=2):
        book.author.agent


def bulk():
    for book in Book.objects.in_bulk([1, 2, 3, 4, 5]).values():
        book.author


def united():
    some = Book.objects.filter(pk=1).order_by()
    for book in some.union(Book.objects.filter(pk__gt=1).order_by()):
        book.author


def combined():
    for book in Book.objects.filter(pk=1) | Book.objects.filter(pk__gt=1):
        book.author


def known_by_its_parent():
    for author in Author.objects.filter(books__isnull=False):
        for book in author.books.all():
            book.author.agent


def got():
    for pk in range(1, 5):
        Author.objects.get(pk=pk)


def got_or_404():
    for pk in range(1, 5):
        get_object_or_404(Author, pk=pk).agent


def filtered_in_a_loop():
    for pk in range(1, 5):
        Author.objects.filter(pk=pk).first()


def values():
    list(Book.objects.values("title"))


def values_of_a_related_field():
    list(Book.objects.values_list("author__name", flat=True))


def counted():
    Book.objects.filter(pk=1).count()


def filtered_relation():
    books = Book.objects.annotate(one=FilteredRelation("author", condition=Q(author__gt=0)))
    for book in books.select_related("one"):
        book.one.agent


def managed():
    for book in Book.objects.published():
        book.author


def managed_without_super():
    for book in Book.visible.all():
        book.author


def made_here():
    Book(author_id=2).author


def pickled():
    for book in pickle.loads(pickle.dumps(list(Book.objects.all()))):
        book.author


def pickled_queryset():
    books = Book.objects.filter(is_hidden=False)
    copied = Book.objects.all()
    copied.query = pickle.loads(pickle.dumps(books.query))
    for book in copied:
        book.author


def copied_deeply():
    books = copy.deepcopy(Book.objects.filter(is_hidden=False))
    for book in books:
        book.author


def truth():
    if Book.objects.filter(pk=1):
        pass


def negated():
    return not Book.objects.filter(pk=1)


def length():
    return len(Book.objects.filter(pk=1))


def subscript():
    return Book.objects.filter(pk=1)[0]


def membership():
    return Author.objects.first() in Author.objects.filter(pk=1)


def unpacked():
    first, *_ = Book.objects.filter(pk=1)
    return first


def starred():
    return [*Book.objects.filter(pk=1)]


def comprehension():
    return {book.pk: book.author for book in Book.objects.all()}


def generator():
    return sum(1 for book in Book.objects.all() if book.author)


def anonymous():
    pick = lambda book: book.author  # noqa: E731
    return [pick(book) for book in Book.objects.all()]


def nested():
    def inner(book):
        return book.author

    return list(map(inner, Book.objects.all()))


def not_ascii():
    return ["é" + book.title + "→" + str(book.author) for book in Book.objects.all()]


def chained_over_lines():
    return list(
        Book.objects.filter(is_hidden=False, is_published=True)
        .exclude(title="", summary="a summary that nobody has")
        .order_by("title")
    )


def saved():
    for book in Book.objects.all():
        book.save()


def created():
    for number in range(4):
        Tag.objects.create(name=str(number))


def created_in_bulk():
    Tag.objects.bulk_create([Tag(name=str(number)) for number in range(4)])


def created_in_batches():
    Tag.objects.bulk_create([Tag(name=str(number)) for number in range(8)], batch_size=2)


def updated():
    Book.objects.filter(pk=1).update(title="Book 1")


def updated_in_bulk():
    books = list(Book.objects.all())
    Book.objects.bulk_update(books, ["title"])


def deleted():
    for tag in Tag.objects.filter(name="never"):
        tag.delete()
    Chapter.objects.filter(number=99).delete()


def transactions():
    for _ in range(4):
        with transaction.atomic():
            Book.objects.count()


def by_hand():
    with connection.cursor() as cursor:
        for pk in range(1, 5):
            cursor.execute(f"SELECT title FROM shelf_book WHERE id = {pk} AND title <> 'x''y'")
            cursor.fetchall()


def by_hand_iterated():
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, title FROM shelf_book")
        for row in cursor:
            row[0]


def by_hand_many():
    with connection.cursor() as cursor:
        cursor.executemany("UPDATE shelf_book SET title = title WHERE id = %s", [(1,), (2,)])


def failing():
    with connection.cursor() as cursor:
        try:
            cursor.execute("SELECT nothing FROM nowhere")
        except Exception:
            return


def template():
    books = Book.objects.all()
    source = "{% for book in books %}\n{{ book.author.name }}{% endfor %}"
    Template(source).render(Context({"books": books}))


def pooled():
    with ThreadPoolExecutor(1) as executor:
        for _ in range(3):
            executor.submit(Author.objects.count).result()
        executor.submit(connections.close_all).result()


def nested_asynchronously():
    async def one(pk):
        return await Author.objects.aget(pk=pk)

    async def main():
        return [await one(pk) for pk in range(1, 5)]

    asyncio.run(main())


def evaluated_in_a_way_of_its_own():
    chapters = Chapter.own.all()
    len(chapters)
    for chapter in Chapter.own.iterator():
        chapter.number
    return [chapter.number for chapter in Chapter.own.order_by("-number")]


def lazily():
    class Authors(SimpleLazyObject):
        def _setup(self):
            self._wrapped = list(Author.objects.all())

    return len(Authors(list))


def in_threads_of_asyncio():
    def count():
        return Author.objects.count()

    async def main():
        for _ in range(3):
            await asyncio.to_thread(Author.objects.count)
        await asyncio.to_thread(count)
        await asyncio.to_thread(connections.close_all)

    asyncio.run(main())


def asynchronously():
    async def main():
        async for book in Book.objects.all():
            await book.review_set.acount()
            async for review in book.review_set.all():
                review.stars
            await book.arefresh_from_db()
        async for book in Book.objects.aiterator():
            book.title
        await Book.objects.afirst()

    asyncio.run(main())


CASES = [
    value
    for name, value in list(globals().items())
    if callable(value) and getattr(value, "__module__", "") == __name__
]
