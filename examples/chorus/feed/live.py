from asgiref.sync import sync_to_async
from django.http import JsonResponse
from django.views.decorators.http import require_GET

from posts.models import Comment, Post


def ticker(posts):
    return [
        {"id": post.pk, "title": post.title, "by": post.author.username, "views": post.view_count}
        for post in posts
    ]


@require_GET
async def live(request):
    """What the start screen polls: the newest posts and a few totals."""
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
