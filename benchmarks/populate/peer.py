"""One peer, in an environment of its own: makes posts in chorus, and says how long it took."""

from __future__ import annotations

import itertools
import json
import sys
import time
from typing import Any

import django

django.setup()

from accounts.models import User  # type: ignore[import-not-found]  # noqa: E402
from posts.models import Post  # type: ignore[import-not-found]  # noqa: E402


def bakery(rows: int) -> None:
    from model_bakery import baker  # type: ignore[import-not-found]

    authors = itertools.cycle(User.objects.all()[:1000])
    # The link has a default, so it would stay empty: the others fill it, too.
    baker.make(Post, _quantity=rows, _bulk_create=True, author=authors, _fill_optional=["link"])


def factory(rows: int) -> None:
    import factory as boy  # type: ignore[import-not-found]

    authors = list(User.objects.all()[:1000])

    class Posts(boy.django.DjangoModelFactory):  # type: ignore[misc]
        author = boy.Iterator(authors)
        title = boy.Faker("sentence")
        body = boy.Faker("paragraph")
        link = boy.Faker("url")

        class Meta:
            model = Post

    Posts.create_batch(rows)


def data_seed(rows: int) -> None:
    from django_data_seed.api import seed  # type: ignore[import-not-found]

    seed("posts.Post", count=rows, skip_checks=True)


PEERS: dict[str, Any] = {"model_bakery": bakery, "factory_boy": factory, "data-seed": data_seed}


if __name__ == "__main__":
    peer, number = PEERS[sys.argv[1]], int(sys.argv[2])
    peer(10)  # imports, connections and caches are not what is measured
    started = time.perf_counter()
    peer(number)
    print(json.dumps({"rows": number, "seconds": time.perf_counter() - started}))
