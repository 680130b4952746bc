"""A view that answers while a thread of its own goes on."""

import threading

from django.http import HttpResponse
from django.urls import path

answered, threads = threading.Event(), []


def work():
    from shelf.models import Book

    len(Book.objects.all())
    answered.wait(10)
    len(Book.objects.filter(pk__gt=1))


def view(request):
    threads.append(threading.Thread(target=work))
    threads[0].start()
    return HttpResponse("done")


urlpatterns = [path("go/", view)]
