"""Rows that a template asks for."""

from django.shortcuts import render
from django.template.response import TemplateResponse
from festival.models import Band, Gig


def relation_of_a_row(request):
    # ! n-plus-one select_related venue | * | relation.html:2
    return render(request, "relation.html", {"gigs": Gig.objects.all()})


# ! n-plus-one prefetch_related gigs | * | rows.html:3
def rows_of_a_row(request):
    return TemplateResponse(request, "rows.html", {"bands": Band.objects.all()})


def included(request):
    # ! n-plus-one select_related band | * | _gig.html:1
    return render(request, "included.html", {"gigs": Gig.objects.order_by("id")})


def tag_of_a_library(request):
    # ! n-plus-one select_related venue | * | tag.html:2
    return render(request, "tag.html", {"gigs": Gig.objects.order_by("title")})


def asked_by_name(request):
    return render(request, "repeated.html", {"band": Band.objects.first(), "rows": range(5)})
