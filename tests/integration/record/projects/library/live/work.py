"""What queues are given to do: one query each."""

from shelf.models import Author, Book


def count_books():
    return Book.objects.count()


def fail():
    Author.objects.count()
    raise ValueError("meant")


async def count_books_later():
    return await Book.objects.acount()
