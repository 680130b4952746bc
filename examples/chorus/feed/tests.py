from django.test import TestCase
from django.urls import reverse
from rest_framework.test import APITestCase

from core.factories import Town, make_user

from .selectors import feed_posts, liked_ids


class SelectorTests(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.town = Town.build()

    def test_own_posts_and_those_of_the_followed(self):
        self.town.django.following.exclude(followed=self.town.ninine).delete()
        authors = {post.author_id for post in feed_posts(self.town.django)}
        self.assertEqual(authors, {self.town.django.pk, self.town.ninine.pk})

    def test_everybody_for_a_newcomer(self):
        self.assertEqual(len(feed_posts(make_user())), 5)

    def test_likes(self):
        self.town.posts[0].likes.filter(user=self.town.joseph).delete()
        expected = {post.pk for post in self.town.posts[1:]}
        self.assertEqual(liked_ids(self.town.joseph, self.town.posts), expected)


class FeedTests(APITestCase):
    @classmethod
    def setUpTestData(cls):
        cls.town = Town.build()

    def test_feed_needs_somebody(self):
        self.assertEqual(self.client.get("/api/feed/").status_code, 401)
        self.assertRedirects(self.client.get(reverse("feed")), "/accounts/login/?next=/feed/")

    def test_feed(self):
        self.client.force_authenticate(self.town.joseph)
        entries = self.client.get("/api/feed/").json()["entries"]
        self.assertEqual(len(entries), 5)
        self.assertEqual(entries[0]["author"]["name"], "Django")
        self.assertTrue(entries[0]["cover"].endswith(".jpg"))
        self.assertEqual(len(entries[0]["comments"]), 2)
        self.assertTrue(entries[0]["liked"])

    def test_feed_page(self):
        self.client.force_login(self.town.joseph)
        response = self.client.get(reverse("feed"))
        self.assertContains(response, "You like this.", count=5)
        self.assertContains(response, "Stephane")


class LiveTests(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.town = Town.build()

    def check(self, data):
        self.assertEqual([post["by"] for post in data["posts"]][:2], ["django", "joseph"])
        self.assertEqual(len(data["voices"]), 10)
        self.assertEqual(data["total"], 5)

    def test_live(self):
        self.check(self.client.get("/api/live/").json())

    async def test_live_under_asgi(self):
        response = await self.async_client.get("/api/live/")
        self.check(response.json())

    def test_only_get(self):
        self.assertEqual(self.client.post("/api/live/").status_code, 405)
