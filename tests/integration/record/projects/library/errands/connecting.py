"""Cases of connections, transactions and COPY."""

import os
import unittest
import urllib.request
from threading import Thread

from django.db import DatabaseError, connections, transaction
from django.db.backends.signals import connection_created
from django.test import TestCase
from shelf.models import Author

ALIAS = os.environ.get("ERRANDS_ALIAS", "default")
URL = f"http://localhost:{os.environ['ERRANDS_PORT']}/"


def authors():
    return Author.objects.using(ALIAS)


def reopened():
    connections[ALIAS].close()
    connections[ALIAS].close()
    authors().count()


def prepared():
    """A receiver asks something of every new connection."""

    def prepare(connection, **_):
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")

    connection_created.connect(prepare)
    reopened()
    connection_created.disconnect(prepare)


def refused():
    database = connections[ALIAS].copy("elsewhere")
    name = "/no/such/folder/database" if database.vendor == "sqlite" else "no-such-database"
    database.settings_dict["NAME"] = name
    try:
        database.connect()
    except (DatabaseError, database.Database.Error):
        pass


def checked():
    database = connections[ALIAS]
    database.health_check_enabled, database.health_check_done = True, False
    authors().count()
    database.health_check_enabled = False


def in_a_thread():
    def work():
        with transaction.atomic(using=ALIAS):
            authors().count()
        connections[ALIAS].close()

    thread = Thread(target=work)
    thread.start()
    thread.join()


def committed():
    with transaction.atomic(using=ALIAS):
        authors().create(name="A")
        with transaction.atomic(using=ALIAS):
            authors().create(name="B")


def rolled_back():
    with transaction.atomic(using=ALIAS):
        authors().create(name="A")
        transaction.set_rollback(True, using=ALIAS)


def failing():
    try:
        with transaction.atomic(using=ALIAS):
            raise ValueError
    except ValueError:
        pass


def by_hand():
    transaction.set_autocommit(False, using=ALIAS)
    authors().count()
    transaction.commit(using=ALIAS)
    transaction.set_autocommit(True, using=ALIAS)


def abandoned():
    with transaction.atomic(using=ALIAS):
        authors().count()
        connections[ALIAS].close()


def calling_inside():
    with transaction.atomic(using=ALIAS):
        urllib.request.urlopen(URL).read()


def calling_afterwards():
    with transaction.atomic(using=ALIAS):
        transaction.on_commit(lambda: urllib.request.urlopen(URL).read(), using=ALIAS)


class Wrapped(TestCase):
    databases = {ALIAS}

    def test_a_transaction(self):
        with transaction.atomic(using=ALIAS):
            with transaction.atomic(using=ALIAS):
                urllib.request.urlopen(URL).read()

    def test_a_call(self):
        urllib.request.urlopen(URL).read()

    def test_a_rollback(self):
        for _ in range(2):
            try:
                with transaction.atomic(using=ALIAS):
                    raise ValueError
            except ValueError:
                pass


def test_cases():
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(Wrapped)
    assert unittest.TextTestRunner(stream=open(os.devnull, "w")).run(suite).wasSuccessful()


def loaded():
    with connections[ALIAS].cursor() as cursor:
        with cursor.copy("COPY shelf_author (name) FROM STDIN") as copy:
            for name in "ABC":
                copy.write_row([name])


def unloaded():
    with connections[ALIAS].cursor() as cursor:
        with cursor.copy("COPY (SELECT name FROM shelf_author LIMIT 2) TO STDOUT") as copy:
            assert len(list(copy.rows())) == 2


def loaded_while_logging():
    connections[ALIAS].force_debug_cursor = True
    loaded()
    connections[ALIAS].force_debug_cursor = False


def wrongly_loaded():
    with connections[ALIAS].cursor() as cursor:
        try:
            with cursor.copy("COPY nowhere FROM STDIN"):
                pass
        except Exception:
            pass


def no_copy():
    with connections["default"].cursor() as cursor:
        assert not hasattr(cursor, "copy")
        assert not hasattr(type(cursor), "copy")


CASES = [reopened, prepared, refused, checked, in_a_thread, committed, rolled_back, failing,
         by_hand, abandoned, calling_inside, calling_afterwards, test_cases, no_copy]  # fmt: skip
COPIES = [loaded, unloaded, loaded_while_logging, wrongly_loaded]
