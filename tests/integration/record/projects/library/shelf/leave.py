"""Shows that the recorder leaves no trace: in pickles, in copies, in Django once it is gone."""

import copy
import importlib
import inspect
import json
import os
import pickle
import sys
import types

import django
from django.core.management import call_command

PATCHED = [
    "asgiref.sync", "asyncio.base_events", "concurrent.futures.thread", "django.core.cache",
    "django.core.cache.backends.base", "django.core.cache.backends.locmem",
    "django.core.handlers.base", "django.core.mail.backends.smtp",
    "django.core.management.base", "django.db.backends.base.base", "django.db.backends.utils",
    "django.db.models.base", "django.db.models.query", "django.db.models.sql.query",
    "django.db.transaction", "http.client", "smtplib", "socket", "subprocess", "threading",
    "unittest.case", "unittest.runner",
]  # fmt: skip


def attributes():
    """Every attribute of every class of the modules that the recorder patches, by identity."""
    found = {}
    for name in PATCHED:
        module = importlib.import_module(name)
        for owner in [module, *(v for v in vars(module).values() if inspect.isclass(v))]:
            for attribute, value in list(vars(owner).items()):
                if isinstance(value, types.FunctionType | property | classmethod | type):
                    found[f"{name}:{owner.__name__}.{attribute}"] = id(value)
    return found


def pickles():
    from shelf.models import Author, Book

    books = list(Book.objects.select_related("author").order_by("pk"))
    books[1].author.agent
    joined = Book.objects.filter(is_hidden=False).select_related("author")
    objects = {
        "instances": books,
        "joined": list(joined),
        "queryset": Book.objects.filter(pk__gt=1).exclude(title=""),
        "query": Book.objects.filter(pk=1).query,
        "prefetched": list(Author.objects.prefetch_related("books")),
        "related": Author.objects.get(pk=2).books.all(),
        "raw": Book.objects.raw("SELECT * FROM shelf_book"),
        "new": Book(title="new"),
        "deferred": list(Book.objects.only("title")),
        "copied": copy.copy(books[0]),
        "copied_deeply": copy.deepcopy(books),
        **_around(books),
    }
    return {
        f"{name}-{protocol}": pickle.dumps(value, protocol).hex()
        for name, value in objects.items()
        for protocol in (2, pickle.HIGHEST_PROTOCOL)
    }


def _around(books):
    """What holds instances and querysets, and is pickled or copied with them."""
    from django.core.paginator import Paginator
    from django.db.models import F, OuterRef, Prefetch, Q, Subquery
    from django.template import Context
    from django.template.response import TemplateResponse
    from django.test import RequestFactory

    from shelf.models import Author, Book

    evaluated = Book.objects.all()
    read = [(book.title, book.author.name) for book in evaluated]
    response = TemplateResponse(RequestFactory().get("/"), "shelf/books.html", {"books": books})
    page = Paginator(Book.objects.order_by("pk"), 2).page(1)
    newest = Book.objects.filter(author=OuterRef("pk")).order_by("-pk").values("title")[:1]
    named = Author.objects.annotate(newest=Subquery(newest)).filter(Q(name=F("name")))
    try:
        Author.objects.get(pk=0)
    except Author.DoesNotExist as error:
        missing = error
    return {
        "evaluated": evaluated,
        "read": (read, list(evaluated), [book.tags.all() for book in evaluated]),
        "response": response.render(),
        "context": Context({"books": books, "queryset": Book.objects.filter(pk=1)}).flatten(),
        "page": (list(page), page.paginator.count),
        "annotated": named,
        "annotated_results": list(named),
        "prefetch": Author.objects.prefetch_related(Prefetch("books", Book.objects.only("title"))),
        "prefetched_to": list(
            Author.objects.prefetch_related(Prefetch("books", Book.objects.all(), to_attr="all"))
        ),
        "exception": missing,
        "values": Book.objects.values("title", "author__name"),
        "copied_queryset": copy.deepcopy(evaluated),
    }


def main(output):
    from nuages.agent.attach import AttachConfig
    from nuages.record import recorder

    django.setup()
    call_command("migrate", run_syncdb=True, verbosity=0)
    from shelf.data import fill

    fill()
    pickles()  # fills caches, such as the content types
    before, plain = attributes(), pickles()
    recorder.install(AttachConfig(roots={".": os.getcwd()}, mode="deep"))
    during, recorded = attributes(), pickles()
    recorded = pickles()
    recorder.uninstall()
    after = attributes()
    with open(output, "w") as file:
        json.dump(
            {
                "patched": sorted(name for name in during if during[name] != before.get(name)),
                "left": sorted(n for n in {**before, **after} if before.get(n) != after.get(n)),
                "pickles": len(plain),
                "different": [name for name in plain if plain[name] != recorded[name]],
            },
            file,
        )


if __name__ == "__main__":
    sys.path.insert(0, os.getcwd())
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    main(*sys.argv[1:])
