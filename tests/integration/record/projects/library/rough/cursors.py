"""A view whose cursors are of the project's own kinds, each odd in another way."""

from django.db import DatabaseError, connection
from django.db.backends.utils import CursorWrapper
from django.http import JsonResponse
from shelf.models import Author


class Closed(CursorWrapper):
    """Keeps what it doesn't know from being set."""

    def __setattr__(self, name, value):
        if name not in ("cursor", "db"):
            raise TypeError(f"{name} is nothing of mine")
        super().__setattr__(name, value)


class Forwarding(CursorWrapper):
    """Sets on the driver's cursor whatever is set on it."""

    def __init__(self, cursor, db):
        vars(self).update(cursor=cursor, db=db)

    def __setattr__(self, name, value):
        setattr(self.cursor, name, value)


class Shouting(CursorWrapper):
    """Has its way with what the driver's cursor gives."""

    def __getattr__(self, name):
        passed = super().__getattr__(name)
        if name == "fetchone":
            return lambda: [str(value).upper() for value in passed()]
        return passed


KINDS = (CursorWrapper, Closed, Forwarding, Shouting)


def odd_cursors(request):
    return JsonResponse({kind.__name__: asked_with(kind) for kind in KINDS})


def asked_with(kind):
    connection.make_cursor = lambda cursor: kind(cursor, connection)
    try:
        names = [author.name for author in Author.objects.order_by("id")]
        with connection.cursor() as cursor:
            cursor.execute("SELECT name FROM shelf_author ORDER BY id")
            names += [cursor.fetchone(), *cursor.fetchmany(1)]
            rows = iter(cursor)
            names.append(next(rows))
            rows.close()
            try:
                cursor.fetchone()
            except DatabaseError as error:  # the driver's cursor was closed with its iterator
                names.append(repr(error))
        return names
    finally:
        del connection.make_cursor
