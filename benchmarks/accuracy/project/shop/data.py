"""Rows for every place: enough for a loop, few enough to be quick."""

from django.contrib.auth.models import User

from shop.models import (
    Author,
    Book,
    City,
    Manuscript,
    Note,
    Option,
    Profile,
    Publisher,
    Review,
    Sale,
    Tag,
)

AUTHORS, BOOKS = 8, 12


def fill():
    User.objects.create_superuser("staff", "staff@example.com", "staff")
    cities = [City.objects.create(name=f"City {n}") for n in range(AUTHORS)]
    publishers = [Publisher.objects.create(name=f"Publisher {n}", city=cities[n]) for n in range(6)]
    tags = [Tag.objects.create(name=f"Tag {n}") for n in range(6)]
    authors = [Author.objects.create(name=f"Author {n}") for n in range(AUTHORS)]
    for author, city in zip(authors, cities, strict=True):
        Profile.objects.create(author=author, city=city, bio="x" * 200)
    for number in range(BOOKS):
        book = Book.objects.create(
            title=f"Book {number}", author=authors[number % AUTHORS],
            publisher=publishers[number % 6], pages=100 + number, blurb="A book.",
        )  # fmt: skip
        book.tags.set([tags[number % 6], tags[(number + 1) % 6]])
        for stars in (1, 3, 5):
            reviewer = authors[(number + stars) % AUTHORS]
            Review.objects.create(book=book, reviewer=reviewer, stars=stars)
        Note.objects.create(target=book, text="on a book")
        Note.objects.create(target=book.author, text="on an author")
        Sale.objects.create(book=book, amount=number)
        Manuscript.objects.create(name=f"Manuscript {number}", text="word " * 4_000)
    lonely = Author.objects.create(name="Lonely")
    Profile.objects.create(author=lonely, city=cities[0])
    Review.objects.create(book=book, reviewer=lonely)
    for number in range(6):
        Option.objects.create(key=f"key{number}", value=str(number))
