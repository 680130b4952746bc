from django.db.models import Q

from posts.models import Like, Post


def feed_posts(user, size=25):
    """The newest posts of those the user follows; of everybody, for who follows nobody yet."""
    posts = Post.objects.filter(status=Post.Status.PUBLISHED).order_by("-created_at", "-pk")
    followed = list(user.following.values_list("followed_id", flat=True))
    if followed:
        posts = posts.filter(Q(author__in=followed) | Q(author=user))
    return posts[:size]


def liked_ids(user, posts):
    return set(
        Like.objects.filter(user=user, post__in=[post.pk for post in posts]).values_list(
            "post_id", flat=True
        )
    )
