"""The views that are measured: one query, an N+1, the same well prefetched."""

from django.db import connection
from django.http import JsonResponse
from django.shortcuts import render

from blog.models import Post


def one(request):
    post = Post.objects.get(pk=1)
    return JsonResponse({"title": post.title, "published": post.published})


def loop(request):
    return render(request, "loop.html", {"posts": Post.objects.order_by("pk")[:50]})


def prefetched(request):
    posts = Post.objects.order_by("pk").prefetch_related("author", "category", "comments", "tags")
    return JsonResponse({"posts": [_described(post) for post in posts]})


def _described(post):
    return {
        "title": post.title,
        "published": post.published,
        "author": post.author.name,
        "category": post.category.name,
        "tags": [tag.name for tag in post.tags.all()],
        "comments": [comment.text for comment in post.comments.all()],
    }


def statement(request, number):
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT title AS "column_{number}" FROM blog_post WHERE id = 1')
        return JsonResponse({"title": cursor.fetchone()[0]})
