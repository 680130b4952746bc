"""Lists."""

from django.http import JsonResponse

from press.models import Author, Paper


def papers(request):
    found = Paper.objects.select_related("author").order_by("pk")
    return JsonResponse({"papers": [f"{paper.title} by {paper.author.name}" for paper in found]})


def authors(request):
    return JsonResponse({"authors": list(Author.objects.values_list("name", flat=True))})
