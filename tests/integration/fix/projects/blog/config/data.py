"""The rows of a small site."""

from blog.models import Activity, Blog, Comment, Post, Profile, Tag
from django.contrib.auth.models import User
from django.core.management import call_command


def fill():
    call_command("migrate", run_syncdb=True, verbosity=0)
    users = [User.objects.create(username=f"u{i}") for i in range(8)]
    users.append(User.objects.create(username="admin", is_staff=True, is_superuser=True))
    for user in users:
        Profile.objects.create(user=user, nick=f"nick of {user}")
    blogs = [Blog.objects.create(name=f"b{i}", owner=users[i] if i % 2 else None) for i in range(5)]
    tags = [Tag.objects.create(name=f"t{i}") for i in range(6)]
    for i in range(20):
        post = Post.objects.create(title=f"p{i}", blog=blogs[i % 5], author=users[i % 8])
        post.tags.set([tags[i % 6], tags[(i + 1) % 6]])
        for k in range(4):
            Comment.objects.create(post=post, author=users[(i + k) % 8], text=f"t{k}")
        Activity.objects.create(target=post)
        Activity.objects.create(target=blogs[i % 5])
