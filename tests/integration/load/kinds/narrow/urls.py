"""Each route waits for one thing, and needs next to nothing of the others."""

from __future__ import annotations

import subprocess
import time

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.urls import path

kept = []


def cpu(request: HttpRequest) -> HttpResponse:
    until = time.thread_time() + 0.02
    while time.thread_time() < until:
        sum(range(1000))
    return HttpResponse("ok")


def database(request: HttpRequest) -> HttpResponse:
    return asked("SELECT count(*) FROM generate_series(1, 300000)")


def lock(request: HttpRequest) -> HttpResponse:
    with transaction.atomic():
        return asked("SELECT pg_advisory_xact_lock(7), pg_sleep(0.05)")


def pool(request: HttpRequest) -> HttpResponse:
    return asked("SELECT pg_sleep(0.05)")


def connections(request: HttpRequest) -> HttpResponse:
    """Each request leaves a connection behind, which nobody closes."""
    kept.append(connection.get_new_connection(connection.get_connection_params()))
    return HttpResponse("ok")


def outside(request: HttpRequest) -> HttpResponse:
    subprocess.run(["sleep", "0.1"], check=True)
    return HttpResponse("ok")


def threads(request: HttpRequest) -> HttpResponse:
    time.sleep(0.1)
    return HttpResponse("ok")


def asked(sql: str) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute(sql)
    return HttpResponse("ok")


VIEWS = (cpu, database, lock, pool, connections, outside, threads)
urlpatterns = [path(f"{view.__name__}/", view) for view in VIEWS]
