"""Small amounts of data for tests."""

from datetime import UTC, datetime, timedelta
from itertools import count

from accounts.models import City, User
from posts.models import Comment, Like, Media, Post, Tag
from social.models import Follow

_numbers = count(1)
NOON = datetime(2025, 6, 1, 12, tzinfo=UTC)


def make_user(username=None, *, city=None, **fields):
    username = username or f"person{next(_numbers)}"
    user = User.objects.create(username=username, email=f"{username}@chorus.example", **fields)
    user.profile.display_name = username.capitalize()
    user.profile.city = city
    user.profile.save()
    return user


def make_post(author, *, tags=(), pictures=0, **fields):
    number = next(_numbers)
    fields.setdefault("title", f"Post {number}")
    fields.setdefault("body", "A long story about strings.")
    fields.setdefault("created_at", NOON + timedelta(minutes=number))
    post = Post.objects.create(author=author, **fields)
    post.tags.set(tags)
    for position in range(pictures):
        Media.objects.create(post=post, file=f"media/{number}-{position}.jpg", position=position)
    return post


def make_comment(post, author, **fields):
    number = next(_numbers)
    fields.setdefault("body", f"Well said {number}.")
    fields.setdefault("created_at", NOON + timedelta(minutes=number))
    return Comment.objects.create(post=post, author=author, **fields)


class Town:
    """Four people who follow each other, their five posts, and what was said about them."""

    @classmethod
    def build(cls):
        town = cls()
        cities = [City.objects.create(name=name, country="Belgium") for name in ("A", "B", "C")]
        town.django, town.stephane, town.ninine, town.joseph = town.people = [
            make_user(name, city=cities[number % 3])
            for number, name in enumerate(["django", "stephane", "ninine", "joseph"])
        ]
        town.staff = make_user("charles", is_staff=True, is_superuser=True)
        town.tags = [Tag.objects.create(name=n, slug=n) for n in ("swing", "waltz", "ballad")]
        town.posts = [
            make_post(town.people[number % 4], tags=town.tags, pictures=1, title=f"Nuages {number}")
            for number in range(5)
        ]
        town.comments = []
        for post in town.posts:
            first = make_comment(post, town.people[0])
            town.comments.append(first)
            for person in town.people[1:]:
                town.comments.append(make_comment(post, person, parent=first))
        for person in town.people:
            Like.objects.bulk_create([Like(user=person, post=post) for post in town.posts])
            Follow.objects.bulk_create(
                [Follow(follower=person, followed=p) for p in town.people if p != person]
            )
        return town
