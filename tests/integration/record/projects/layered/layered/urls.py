"""Views, each as small as it can be."""

import time

from django.db import connection
from django.http import HttpResponse, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import path

kept = []


def view(request):
    return HttpResponse("answered")


def broken(request):
    raise ValueError("broken")


def showing(request):
    from django.contrib.auth.models import Group

    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS auth_group (id integer, name varchar(150))")
        cursor.execute("INSERT INTO auth_group VALUES (1, 'readers')")
    groups = Group.objects.all()  # noqa: F841 - the report shows it
    raise ValueError("shown")


def template(request):
    return TemplateResponse(request, "page.html", {"name": "you"})


def streamed(request):
    return StreamingHttpResponse(word for word in (b"ab", "ç", b"d"))


async def streamed_async(request):
    async def words():
        for word in (b"ab", "ç", b"d"):
            yield word

    return StreamingHttpResponse(words())


async def asynchronous(request):
    return HttpResponse("answered")


def waiting(request):
    time.sleep(0.05)
    return HttpResponse("waited")


def busy(request):
    end = time.thread_time() + 0.05
    while time.thread_time() < end:
        pass
    return HttpResponse("busy")


def querying(request):
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000) "
            "SELECT SUM(i) FROM n"
        )
        cursor.fetchall()
    return HttpResponse("queried")


def leaking(request):
    kept.append([str(number) * 10 for number in range(2_000)])
    return HttpResponse("leaked")


def tidy(request):
    lines = [str(number) * 10 for number in range(2_000)]
    return HttpResponse(str(len(lines)))


def collecting(request):
    import gc

    gc.collect()
    return HttpResponse("collected")


urlpatterns = [
    path(f"{function.__name__}/", function)
    for function in (view, broken, showing, template, streamed, streamed_async, asynchronous,
                     waiting, busy, querying, leaking, tidy, collecting)
] + [path("guarded/", view), path("failing/", view), path("shortcut/", view)]  # fmt: skip
