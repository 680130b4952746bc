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


class Direct(CursorWrapper):
    """Asks the driver itself, past all that Django does."""

    def execute(self, sql, params=None):
        return self.cursor.execute(sql) if params is None else self.cursor.execute(sql, params)


class Counting(CursorWrapper):
    """Does so beneath Django's `execute`, and what Django does besides."""

    asked = 0

    def execute(self, sql, params=None):
        return super().execute(sql, params)

    def _execute(self, sql, params, *context):
        vars(self)["asked"] = self.asked + 1
        with self.db.wrap_database_errors:
            return self.cursor.execute(sql, params or ())


KINDS = (CursorWrapper, Closed, Forwarding, Shouting, Direct, Counting)


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
