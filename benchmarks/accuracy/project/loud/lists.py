"""Function views that leave the loop to a template."""

from django.shortcuts import render
from shop.models import Author, Book, Publisher


def template_relation(request):
    return render(request, "relation.html", {"books": Book.objects.all()})


def template_include(request):
    return render(request, "include.html", {"books": Book.objects.order_by("-pk")})


def template_rows(request):
    return render(request, "rows.html", {"authors": Author.objects.all()})


def template_count(request):
    return render(request, "count.html", {"authors": Author.objects.all()})


def template_tag(request):
    return render(request, "tag.html", {"books": Book.objects.all()})


def template_inherited(request):
    return render(request, "inherited.html", {"publishers": Publisher.objects.all()})
