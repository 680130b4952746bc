from asgiref.sync import sync_to_async
from django.http import HttpResponseNotAllowed, JsonResponse

from posts.models import Comment, Post


def ticker(posts):
    return [
        {"id": post.pk, "title": post.title, "by": post.author.username, "views": post.view_count}
        for post in posts
    ]


async def live(request):
    """What the start screen polls: the newest posts and a few totals."""
    if request.method != "GET":
        return HttpResponseNotAllowed(["GET"])
    newest = Post.objects.filter(status=Post.Status.PUBLISHED).order_by("-created_at", "-pk")[:30]
    posts = [post async for post in newest]
    voices = Comment.objects.select_related("author").order_by("-created_at", "-pk")[:10]
    return JsonResponse(
        {
            "posts": await sync_to_async(ticker)(posts),
            "voices": [comment.author.username async for comment in voices],
            "total": await Post.objects.acount(),
        }
    )
