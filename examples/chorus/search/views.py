from django.shortcuts import render

from .models import SearchLog
from .popular import popular, remember
from .selectors import find_people, find_posts


def search(request):
    term = request.GET.get("q", "").strip()[:120]
    posts = find_posts(term).defer("body", "client")[:25]
    people = find_people(term)[:10]
    if term:
        remember(term)
        SearchLog.objects.create(
            user=request.user if request.user.is_authenticated else None,
            term=term,
            results=len(posts),
        )
    context = {"term": term, "posts": posts, "people": people, "popular": popular()}
    return render(request, "search/search.html", context)
