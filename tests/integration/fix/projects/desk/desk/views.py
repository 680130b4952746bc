"""Pages of a help desk."""

from django.shortcuts import render


def page(request, name):
    return render(request, "page.html", {"name": name})
