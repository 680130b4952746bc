from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.shortcuts import get_object_or_404, render

from posts.models import Comment, Post
from social.models import Follow

from .models import User


def members(request):
    people = User.objects.filter(is_active=True).order_by("-date_joined", "-pk")
    page = Paginator(people, 50).get_page(request.GET.get("page"))
    return render(request, "accounts/members.html", {"page": page})


def profile(request, username):
    member = get_object_or_404(User.objects.select_related("profile__city"), username=username)
    visible = Comment.objects.filter(is_hidden=False).select_related("author").order_by("pk")
    posts = (
        Post.objects.filter(author=member, status=Post.Status.PUBLISHED)
        .prefetch_related(
            "tags", "likes", Prefetch("comments", visible, to_attr="visible_comments")
        )
        .order_by("-created_at", "-pk")[:20]
    )
    follows = False
    if request.user.is_authenticated:
        if Follow.objects.filter(follower=request.user, followed=member):
            follows = True
    context = {
        "member": member,
        "posts": posts,
        "follows": follows,
        "post_total": len(Post.objects.filter(author=member)),
        "follower_total": member.followers.count(),
    }
    return render(request, "accounts/profile.html", context)
