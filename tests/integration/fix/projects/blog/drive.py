"""Records the site while it answers: paths as JSON in, answers and a snapshot out."""

import base64
import json
import os
import sys

from nuages.agent.attach import AttachConfig
from nuages.record import recorder


def fill():
    from blog.models import Activity, Blog, Comment, Post, Profile, Tag
    from django.contrib.auth.models import User
    from django.core.management import call_command

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


def ask(client, path):
    response = client.get(path)
    body = b"".join(response.streaming_content) if response.streaming else response.content
    response.close()
    figures = recorder.last_request()
    return {
        "path": path,
        "status": response.status_code,
        "type": response.headers.get("Content-Type", ""),
        "route": figures["route"],
        "queries": figures["queries"],
        "body": base64.b64encode(body).decode(),
    }


def main():
    recorder.install(AttachConfig(roots={".": os.getcwd()}, mode="deep"))
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    import django

    django.setup()
    from django.contrib.auth.models import User
    from django.test import Client

    if not os.path.exists(os.environ["BLOG_DB"]):
        fill()
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.get(username="admin"))
    client.get("/feed/")
    recorder.reset()
    answers = [ask(client, path) for path in json.load(sys.stdin)]
    json.dump({"answers": answers, "snapshot": recorder.snapshot()}, sys.stdout)


if __name__ == "__main__":
    main()
