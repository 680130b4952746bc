from django.test import TestCase
from django.urls import reverse
from rest_framework.test import APITestCase

from core.factories import Town, make_user

from .models import Follow


class FollowTests(APITestCase):
    @classmethod
    def setUpTestData(cls):
        cls.django = make_user("django")
        cls.stephane = make_user("stephane")

    def setUp(self):
        self.client.force_authenticate(self.django)

    def test_follow_and_unfollow(self):
        url = "/api/follows/stephane/"
        self.assertEqual(self.client.post(url).status_code, 201)
        self.assertEqual(self.client.post(url).status_code, 200)
        self.assertEqual(self.client.get(url).json(), {"follows": True, "followed_by": False})
        self.assertEqual(self.stephane.notifications.get().verb, "follow")
        self.assertEqual(self.client.delete(url).status_code, 204)
        self.assertFalse(Follow.objects.exists())

    def test_following_nobody(self):
        self.assertEqual(self.client.post("/api/follows/nobody/").status_code, 404)


class ActivityTests(APITestCase):
    @classmethod
    def setUpTestData(cls):
        cls.town = Town.build()

    def test_activity(self):
        data = self.client.get("/api/activity/").json()
        self.assertEqual(len(data["results"]), 12)
        self.assertEqual(data["results"][0]["who"], "joseph")
        self.assertEqual(data["results"][0]["name"], "Ninine")

    def test_further_on(self):
        data = self.client.get("/api/activity/", {"offset": 10}).json()
        self.assertEqual(len(data["results"]), 2)
        self.assertEqual(data["next"], 50)

    def test_nonsense_starts_at_the_beginning(self):
        data = self.client.get("/api/activity/", {"offset": "x"}).json()
        self.assertEqual(len(data["results"]), 12)


class AdminTests(TestCase):
    def test_follows(self):
        town = Town.build()
        self.client.force_login(town.staff)
        response = self.client.get(reverse("admin:social_follow_changelist"))
        self.assertContains(response, "ninine")
        self.assertEqual(self.client.get(reverse("admin:social_follow_add")).status_code, 200)
