from django.test import TestCase
from django.urls import reverse
from rest_framework.test import APITestCase

from core.factories import Town, make_post

from . import popular
from .models import SearchLog


class SearchPageTests(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.town = Town.build()

    def test_without_a_term(self):
        response = self.client.get(reverse("search"))
        self.assertContains(response, "New on Chorus")
        self.assertContains(response, "A long story about strings.", count=5)

    def test_by_title(self):
        make_post(self.town.django, title="Minor Swing", body="Fast.")
        response = self.client.get(reverse("search"), {"q": "minor"})
        self.assertEqual([post.title for post in response.context["posts"]], ["Minor Swing"])

    def test_by_tag_each_post_once(self):
        response = self.client.get(reverse("search"), {"q": "a"})
        self.assertEqual(len(response.context["posts"]), 5)

    def test_people(self):
        response = self.client.get(reverse("search"), {"q": "nin"})
        self.assertContains(response, "/@ninine/")

    def test_searches_are_logged(self):
        self.client.force_login(self.town.joseph)
        self.client.get(reverse("search"), {"q": "strings"})
        log = SearchLog.objects.get()
        self.assertEqual((log.user, log.term, log.results), (self.town.joseph, "strings", 5))


class SearchApiTests(APITestCase):
    @classmethod
    def setUpTestData(cls):
        cls.town = Town.build()

    def test_search(self):
        data = self.client.get("/api/search/", {"q": "Nuages"}).json()
        self.assertEqual([post["title"] for post in data["posts"]][0], "Nuages 4")
        self.assertEqual(data["posts"][0]["author"]["display_name"], "Django")
        self.assertEqual(data["people"], [])

    def test_suggestions(self):
        data = self.client.get("/api/search/suggest/", {"q": "nua"}).json()
        self.assertEqual(len(data), 5)

    def test_popular(self):
        popular._terms.clear()
        for term in ("swing", "Swing", "waltz"):
            self.client.get("/api/search/", {"q": term})
        self.assertEqual(self.client.get("/api/search/popular/").json(), ["swing", "waltz"])
