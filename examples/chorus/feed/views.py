from django.contrib.auth.decorators import login_required
from django.shortcuts import render

from core.flags import flag_enabled

from .selectors import feed_posts, liked_ids


@login_required
def feed(request):
    posts = feed_posts(request.user, size=30)
    liked = liked_ids(request.user, posts)
    context = {"posts": posts, "liked": liked, "can_comment": flag_enabled("comments", True)}
    return render(request, "feed/feed.html", context)
