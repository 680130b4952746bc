"""Views that touch whatever a recorder may hook, and tell in their answer what came of it."""

import asyncio
import gc
import http.client
import multiprocessing
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar

from asgiref.sync import async_to_sync, sync_to_async
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.core.mail import send_mail
from django.core.management import call_command
from django.core.signals import request_started
from django.db import DatabaseError, connection, transaction
from django.db.models import Count
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.http import FileResponse, Http404, HttpResponse, JsonResponse, StreamingHttpResponse
from django.template.response import TemplateResponse
from shelf.models import Author, Book, Review, Shop, Tag

from rough import forks

outside = {}  # the port of a server on this machine
done = []  # side effects, so that what happens twice or never is seen
place = ContextVar("place", default="nowhere")


class Loud:
    """Middleware with every hook that Django calls."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        done.append(f"in {request.path}")
        response = self.get_response(request)
        response["X-Loud"] = str(response.status_code)
        done.append(f"out {request.path}")
        return response

    def process_view(self, request, view, args, kwargs):
        done.append("view")

    def process_exception(self, request, exception):
        done.append(f"exception {exception!r}")
        if isinstance(exception, LookupError):
            return HttpResponse("lost", status=410)

    def process_template_response(self, request, response):
        response.context_data["extra"] = "processed"
        return response


@receiver(post_save, sender=Review)
def on_review(instance, **_):
    done.append(f"saved {Book.objects.filter(pk=instance.book_id).count()}")


@receiver(request_started)
def on_request(**_):
    done.append("started")


def orm(request):
    books = Book.objects.select_related("author").prefetch_related("tags", "review_set")
    found = [
        [b.title, b.author.name, [t.name for t in b.tags.all()], b.review_set.count()]
        for b in books
    ]
    counted = list(Author.objects.annotate(n=Count("books")).values_list("name", "n"))
    first = Book.objects.first()
    copy = Book.objects.defer("title").get(pk=first.pk)
    lists = [
        [b.pk for b in Book.objects.iterator(chunk_size=2)],
        sorted(Book.objects.in_bulk([1, 2])),
        [s.name for s in Shop.objects.all()[:2]],
        Book.objects.filter(title="none").exists(),
        Book.objects.raw("SELECT * FROM shelf_book WHERE id = %s", [1])[0].title,
        [c.name for a in Author.objects.all() for c in a.clients.all()],
        str(Book.visible.filter(tags__name="a").query),
    ]
    return JsonResponse({"f": found, "c": counted, "t": copy.title, "l": lists})


def raw(request):
    seen = []
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, name FROM shelf_author ORDER BY id")
        seen += [cursor.fetchone(), cursor.fetchmany(2), cursor.fetchall(), cursor.fetchone()]
        cursor.execute("SELECT name FROM shelf_author WHERE id > %s ORDER BY id", [2])
        seen += [list(cursor), [column[0] for column in cursor.description]]
        cursor.execute("SELECT %(a)s + 1", {"a": 1})
        seen += [row for row in cursor]
        cursor.executemany("INSERT INTO shelf_tag (name) VALUES (%s)", [("x",), ("y",)])
        seen.append(cursor.rowcount)
        cursor.execute("DELETE FROM shelf_tag WHERE name IN ('x', 'y')")
        seen.append(cursor.rowcount)
        for wrong in ("SELECT nothing FROM nowhere", "SELECT"):
            try:
                cursor.execute(wrong)
            except DatabaseError as error:
                seen.append(f"{type(error).__name__}: {error} {error.__cause__!r}")
        try:
            cursor.callproc("nothing")
        except Exception as error:
            seen.append(type(error).__name__)
    return JsonResponse({"seen": seen})


def transactions(request):
    seen = []
    with transaction.atomic():
        Tag.objects.create(name="kept")
        transaction.on_commit(lambda: done.append("committed"))
        try:
            with transaction.atomic():
                Tag.objects.create(name="lost")
                raise KeyError("inner")
        except KeyError:
            seen.append(Tag.objects.filter(name="lost").count())
        point = transaction.savepoint()
        Tag.objects.bulk_create([Tag(name="m"), Tag(name="n")])
        transaction.savepoint_rollback(point)
    try:
        with transaction.atomic():
            Tag.objects.filter(name="kept").delete()
            raise ValueError("outer")
    except ValueError:
        seen.append(sorted(Tag.objects.values_list("name", flat=True)))
    seen.append(Tag.objects.filter(name="kept").update(name="gone"))
    seen.append(Tag.objects.filter(name="gone").delete()[0])
    transaction.set_autocommit(False)
    try:
        Tag.objects.create(name="never")
        transaction.rollback()
    finally:
        transaction.set_autocommit(True)
    review = Review.objects.create(book_id=1)
    review.delete()
    return JsonResponse({"seen": seen, "tags": Tag.objects.count()})


def caches(request):
    seen = [
        cache.get("absent", "default"),
        cache.set("a", 1),
        cache.get("a"),
        cache.add("a", 2),
        cache.incr("a"),
        cache.get_many(["a", "b"]),
        cache.set_many({"b": [1], "c": None}),
        cache.get_or_set("d", lambda: done.append("made") or 4),
        cache.touch("a"),
        cache.has_key("b"),
        "a" in cache,
        cache.delete("a"),
        cache.delete_many(["b", "c"]),
        async_to_sync(cache.aget)("d"),
    ]
    try:
        cache.incr("a")
    except ValueError as error:
        seen.append(str(error))
    cache.clear()
    return JsonResponse({"seen": seen})


def services(request):
    client = http.client.HTTPConnection("127.0.0.1", outside["port"], timeout=10)
    client.request("GET", "/hello?a=1")
    answer = client.getresponse()
    seen = [answer.status, answer.read().decode()]
    client.close()
    seen.append(send_mail("subject", "body", "a@example.org", ["b@example.org"]))
    return JsonResponse({"seen": seen})


def threads(request):
    seen = []
    place.set("request")

    def look():
        seen.append(place.get())
        seen.append(Author.objects.filter(pk__lt=3).count())
        connection.close()

    workers = [threading.Thread(target=look, name=f"look-{n}") for n in range(2)]
    for worker in workers:
        worker.start()
        worker.join()
    with ThreadPoolExecutor(2) as pool:
        seen += list(pool.map(_named, [1, 2]))
        try:
            pool.submit(_named, 99).result()
        except Author.DoesNotExist as error:
            seen.append(str(error))
    timer = threading.Timer(0.001, look)
    timer.start()
    timer.join()
    return JsonResponse({"seen": seen, "left": [w.is_alive() for w in workers]})


def _named(pk):
    try:
        return Author.objects.get(pk=pk).name
    finally:
        connection.close()


async def gathered(request):
    place.set("async")
    names = await asyncio.gather(*(sync_to_async(_named)(pk) for pk in (1, 2)))
    names += await asyncio.gather(_one(1), asyncio.create_task(_one(2)))
    names.append(await asyncio.to_thread(lambda: [place.get(), _named(1)]))
    try:
        await asyncio.wait_for(asyncio.sleep(10), 0.001)
    except TimeoutError:
        names.append("late")
    try:
        await Author.objects.aget(pk=99)
    except Author.DoesNotExist as error:
        names.append(str(error))
    return JsonResponse({"names": names, "place": place.get()})


async def _one(pk):
    return (await Author.objects.aget(pk=pk)).name


async def broken_async(request):
    await Author.objects.acount()
    raise RuntimeError("broken")


async def cancelled(request):
    await Author.objects.acount()
    raise asyncio.CancelledError("stopped")


def templated(request):
    return TemplateResponse(request, "shelf/books.html", {"books": Book.objects.all()})


def torn(request):
    def lines():
        for book in Book.objects.iterator():
            yield f"{book.author.name}\n"
            if book.pk == 3:
                raise RuntimeError("torn")

    return StreamingHttpResponse(lines(), content_type="text/plain")


async def torn_async(request):
    async def lines():
        try:
            async for book in Book.objects.all():
                yield f"{book.title}\n"
                if book.pk == 3:
                    raise RuntimeError("torn")
        finally:
            done.append("closed")

    return StreamingHttpResponse(lines(), content_type="text/plain")


def file(request):
    return FileResponse(open(__file__, "rb"), filename="views.py")


def failing(request, how):
    Book.objects.count()
    done.append(how)
    raise {
        "lookup": LookupError("lost"),
        "missing": Http404("missing"),
        "denied": PermissionDenied("denied"),
        "exit": SystemExit(3),
        "interrupt": KeyboardInterrupt("now"),
        "recursion": RecursionError("deep"),
    }[how]


def collected(request):
    cycle = []
    cycle.append(cycle)
    del cycle
    return HttpResponse(str(gc.collect() > 0))


def commanded(request):
    from io import StringIO

    out = StringIO()
    call_command("digest", stdout=out)
    try:
        call_command("digest", fail=True, stdout=out)
    except Exception as error:
        out.write(repr(error))
    return HttpResponse(out.getvalue())


def forking(request, how):
    """Two queries before, one by the child and one by its parent meanwhile, one after."""
    names = [_named(1), _named(2)]
    if how == "os":
        child = os.fork()
        if not child:
            _named(3)
            time.sleep(0.8)  # an interval of the recorder's; no atexit runs
            os._exit(0)
        _named(4)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    elif how == "through":  # the child leaves the view by an exception that ends it
        child = os.fork()
        if not child:
            _named(3)
            raise SystemExit(0)
        _named(4)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    else:
        process = multiprocessing.get_context(how).Process(target=forks.name_of, args=(3,))
        process.start()
        _named(4)
        process.join()
        status = process.exitcode
    return JsonResponse({"names": [*names, _named(5)], "status": status})
