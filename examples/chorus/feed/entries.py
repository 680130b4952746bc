from core.flags import flag_enabled


def author_card(post):
    profile = getattr(post.author, "profile", None)
    return {
        "username": post.author.username,
        "name": profile.display_name if profile else "",
        "verified": post.author.is_verified,
    }


def latest_words(post, size=2):
    latest = post.comments.filter(is_hidden=False).order_by("-created_at", "-pk")[:size]
    return [comment.body[:120] for comment in latest]


def render_feed(posts, liked):
    return {
        "comments_open": flag_enabled("comments", True),
        "entries": [
            {
                "id": post.pk,
                "title": post.title,
                "author": author_card(post),
                "cover": post.cover,
                "comments": latest_words(post),
                "liked": post.pk in liked,
            }
            for post in posts
        ],
    }
