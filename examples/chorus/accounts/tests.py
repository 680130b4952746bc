from django.core import mail
from django.core.cache import cache
from django.test import TestCase
from django.urls import reverse
from rest_framework.authtoken.models import Token
from rest_framework.test import APITestCase

from core.factories import Town, make_comment, make_user

from .models import Profile, User


class ProfileTests(TestCase):
    def test_every_new_user_gets_a_profile(self):
        user = User.objects.create_user("babik", "babik@chorus.example", "chorus-1944")
        self.assertEqual(user.profile.display_name, "")

    def test_a_saved_user_keeps_the_profile(self):
        user = make_user("babik")
        user.save()
        self.assertEqual(Profile.objects.filter(user=user).count(), 1)

    def test_a_user_has_an_address(self):
        self.assertEqual(make_user("babik").get_absolute_url(), "/@babik/")


class PageTests(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.town = Town.build()

    def test_members_are_listed_with_their_cities(self):
        response = self.client.get(reverse("members"))
        self.assertContains(response, "<td>A</td>", html=True)
        self.assertContains(response, "stephane")
        self.assertEqual(len(response.context["page"]), 5)

    def test_inactive_members_are_not_listed(self):
        User.objects.filter(username="joseph").update(is_active=False)
        self.assertNotContains(self.client.get(reverse("members")), "joseph")

    def test_a_profile_shows_posts_and_what_was_said(self):
        response = self.client.get("/@django/")
        self.assertContains(response, "Nuages 0")
        self.assertContains(response, "stephane: Well said")
        self.assertEqual(response.context["post_total"], 2)
        self.assertEqual(response.context["follower_total"], 3)
        self.assertFalse(response.context["follows"])

    def test_a_profile_knows_its_followers(self):
        self.client.force_login(self.town.stephane)
        self.assertContains(self.client.get("/@django/"), "you among them")

    def test_nobody_is_404(self):
        self.assertEqual(self.client.get("/@nobody/").status_code, 404)

    def test_log_in_by_form(self):
        self.town.django.set_password("minor-swing")
        self.town.django.save()
        form = {"username": "django", "password": "minor-swing"}
        response = self.client.post(reverse("login"), form)
        self.assertRedirects(response, reverse("feed"))

    def test_last_seen_is_kept(self):
        self.client.force_login(self.town.django)
        self.client.get("/members/")
        self.town.django.refresh_from_db()
        self.assertIsNotNone(self.town.django.last_seen_at)


class UserApiTests(APITestCase):
    @classmethod
    def setUpTestData(cls):
        cls.town = Town.build()

    def test_list_for_anonymous(self):
        data = self.client.get("/api/users/").json()
        self.assertEqual(data["count"], 5)
        people = {row["username"]: row for row in data["results"]}
        self.assertEqual(people["django"]["profile"]["city"], "A")
        self.assertEqual(people["django"]["follower_count"], 3)
        self.assertFalse(people["django"]["is_followed"])
        self.assertIsNone(people["charles"]["profile"]["city"])

    def test_list_says_whom_one_follows(self):
        self.client.force_authenticate(self.town.django)
        rows = self.client.get("/api/users/").json()["results"]
        followed = {row["username"] for row in rows if row["is_followed"]}
        self.assertEqual(followed, {"stephane", "ninine", "joseph"})

    def test_retrieve(self):
        data = self.client.get(f"/api/users/{self.town.ninine.pk}/").json()
        self.assertEqual(data["profile"]["display_name"], "Ninine")

    def test_followers(self):
        data = self.client.get(f"/api/users/{self.town.django.pk}/followers/").json()
        self.assertEqual({row["display_name"] for row in data}, {"Stephane", "Ninine", "Joseph"})

    def test_leaderboard(self):
        data = self.client.get("/api/users/leaderboard/").json()
        self.assertEqual(data[0]["username"], "django")
        self.assertEqual(data[0]["like_total"], 8)
        self.assertEqual(data[0]["post_total"], 2)
        self.assertEqual(data[-1]["display_name"], "Charles")

    def test_mentioned(self):
        User.objects.filter(username__in=["django", "ninine"]).update(is_verified=True)
        for _ in range(3):
            make_comment(self.town.posts[0], self.town.joseph, body="As @ninine said.")
        data = self.client.get("/api/users/mentioned/").json()
        self.assertEqual(data[0], {"username": "ninine", "mentions": 3, "name": "Ninine"})
        self.assertEqual([row["mentions"] for row in data], [3, 0])

    def test_me_needs_somebody(self):
        self.assertEqual(self.client.get("/api/users/me/").status_code, 401)

    def test_me(self):
        self.client.force_authenticate(self.town.django)
        data = self.client.get("/api/users/me/").json()
        self.assertEqual(data["email"], "django@chorus.example")

    def test_changing_me(self):
        self.client.force_authenticate(self.town.django)
        change = {"profile": {"bio": "Two fingers."}}
        self.assertEqual(self.client.patch("/api/users/me/", change).status_code, 200)
        self.assertEqual(Profile.objects.get(user=self.town.django).bio, "Two fingers.")


class RegisterTests(APITestCase):
    def setUp(self):
        cache.clear()

    def test_register_then_use_the_token(self):
        form = {"username": "babik", "email": "babik@chorus.example", "password": "blues-1944"}
        response = self.client.post("/api/auth/register/", form)
        self.assertEqual(response.status_code, 201)
        self.assertEqual(mail.outbox[0].to, ["babik@chorus.example"])
        self.client.credentials(HTTP_AUTHORIZATION=f"Token {response.json()['token']}")
        self.assertEqual(self.client.get("/api/users/me/").json()["username"], "babik")

    def test_weak_passwords_are_refused(self):
        form = {"username": "babik", "email": "babik@chorus.example", "password": "123"}
        response = self.client.post("/api/auth/register/", form)
        self.assertEqual(response.status_code, 400)
        self.assertIn("password", response.json())

    def test_an_address_is_used_once(self):
        make_user("babik")
        form = {"username": "other", "email": "babik@chorus.example", "password": "blues-1944"}
        self.assertEqual(self.client.post("/api/auth/register/", form).status_code, 400)

    def test_token(self):
        User.objects.create_user("babik", "babik@chorus.example", "blues-1944")
        form = {"username": "babik", "password": "blues-1944"}
        token = self.client.post("/api/auth/token/", form).json()["token"]
        self.assertEqual(Token.objects.get(key=token).user.username, "babik")
