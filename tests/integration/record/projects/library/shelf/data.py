"""Rows for trying the recorder on."""

from shelf.models import Author, Blurb, Book, Chapter, Mark, Place, Review, Shop, Tag


def fill():
    agent = Author.objects.create(name="Agent")
    tags = Tag.objects.bulk_create([Tag(name="a"), Tag(name="b")])
    tags = list(Tag.objects.all())
    for number in range(1, 6):
        author = Author.objects.create(name=f"Author {number}", agent=agent)
        book = Book.objects.create(title=f"Book {number}", author=author)
        book.tags.set(tags)
        Blurb.objects.create(book=book, text="…")
        Review.objects.create(book=book)
        Chapter.objects.create(book=book, number=1)
        Mark.objects.create(target=book)
        Mark.objects.create(target=author)
        Shop.objects.create(name=f"Shop {number}", owner=author)
    assert Place.objects.count() == 5
