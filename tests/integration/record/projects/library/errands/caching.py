"""Cases of calls of caches."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from django.core.cache import cache, caches
from django.test import Client


def every_call():
    cache.set("a", 1)
    cache.get("a")
    cache.get("b")
    cache.get("b", 5)
    cache.add("a", 2)
    cache.touch("a")
    cache.incr("a")
    cache.decr("a")
    "a" in cache  # noqa: B015
    cache.has_key("b")
    cache.set_many({"c": 1, "d": 2})
    cache.get_many(["a", "c", "z"])
    cache.get_many(key for key in ("a", "z"))
    cache.delete_many(["c", "d"])
    cache.incr_version("a")
    cache.delete("a")
    cache.clear()


def a_failing_call():
    try:
        cache.incr("nothing")
    except ValueError:
        pass


def get_or_set():
    for _ in range(2):
        cache.get_or_set("expensive", lambda: caches["files"].get("part"), 60)


def table():
    caches["table"].set("a", 1)
    caches["table"].get("a")


def tiers():
    caches["tiers"].set("a", 1)
    caches["tiers"].get("a")
    caches["own"].set("a", 1)
    caches["own"].get("a")


def asynchronous():
    async def main():
        await cache.aset("a", 1)
        await asyncio.gather(*(cache.aget(key) for key in "abc"))
        await cache.aget_many(["a", "b"])
        await caches["table"].aget("a")
        await asyncio.gather(slow(), slow())

    async def slow():
        await caches["files"].aget("a")

    asyncio.run(main())


def threads():
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(cache.get, "abcdefgh"))


def a_session():
    client = Client()
    client.get("/remembered/")
    client.get("/remembered/")


def redis():
    shared = caches["redis"]
    shared.set("a", 1)
    shared.get("a")
    shared.get_many(["a", "b"])
    shared.incr("a")
    shared.delete("a")


CASES = [every_call, a_failing_call, get_or_set, table, tiers, asynchronous, threads, a_session,
         redis]  # fmt: skip
