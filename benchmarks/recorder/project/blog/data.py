"""The rows: 100 posts, the first 50 by 50 authors, with 300 comments and 200 tags in all."""

from datetime import UTC, datetime, timedelta

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore

from blog.models import Author, Category, Comment, Post, Tag

START = datetime(2026, 1, 1, tzinfo=UTC)


def fill():
    authors = [Author(pk=n, name=f"Author {n}", email=f"{n}@example.com") for n in range(1, 51)]
    Author.objects.bulk_create(authors)
    Category.objects.bulk_create(Category(pk=n, name=f"Category {n}") for n in range(1, 6))
    Tag.objects.bulk_create(Tag(pk=n, name=f"Tag {n}") for n in range(1, 11))
    Post.objects.bulk_create(_post(n) for n in range(1, 101))
    Comment.objects.bulk_create(
        Comment(post_id=n, text=f"Comment {k} on {n}. " * 3, created=START + timedelta(hours=n))
        for n in range(1, 101)
        for k in range(3)
    )
    through = Post.tags.through
    through.objects.bulk_create(
        through(post_id=n, tag_id=(n + k) % 10 + 1) for n in range(1, 101) for k in range(2)
    )
    _log_in()


def _post(number):
    return Post(
        pk=number,
        title=f"Post {number}",
        body="Lorem ipsum dolor sit amet. " * 20,
        published=START + timedelta(days=number),
        author_id=(number - 1) % 50 + 1,
        category_id=number % 5 + 1,
    )


def _log_in():
    user = User.objects.create_superuser("staff", "staff@example.com", "benchmark")
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
