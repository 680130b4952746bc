from django.db.models import Q

from accounts.models import User
from posts.models import Post


def find_posts(term):
    posts = Post.objects.published()
    if not term:
        return posts
    matches = (
        Q(title__icontains=term)
        | Q(body__icontains=term)
        | Q(author__username__icontains=term)
        | Q(tags__name__icontains=term)
    )
    return posts.filter(matches).distinct()


def find_people(term):
    return (
        User.objects.filter(Q(username__icontains=term) | Q(profile__display_name__icontains=term))
        .select_related("profile")
        .order_by("username")
    )
