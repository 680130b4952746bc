from datetime import timedelta
from io import StringIO

from django.core import mail
from django.core.management import call_command
from django.test import TestCase
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APITestCase

from core.factories import Town, make_post

from .models import Notification


def notify(town, recipient, targets, **fields):
    for number, target in enumerate(targets):
        actor = town.people[number % 4]
        Notification.objects.create(
            recipient=recipient, actor=actor, verb="like", target=target, **fields
        )


class NotificationApiTests(APITestCase):
    @classmethod
    def setUpTestData(cls):
        cls.town = Town.build()
        Notification.objects.all().delete()
        notify(cls.town, cls.town.django, [*cls.town.posts[:3], *cls.town.comments[:3]])
        notify(cls.town, cls.town.joseph, cls.town.posts[:1])

    def test_own(self):
        self.client.force_authenticate(self.town.django)
        data = self.client.get("/api/notifications/").json()
        self.assertEqual(data["count"], 6)
        last = data["results"][-1]
        self.assertEqual(last["summary"], "django likes")
        self.assertEqual(last["target"]["text"], "Nuages 0")
        self.assertEqual(data["results"][0]["target"]["type"], "comment")

    def test_staff_sees_all(self):
        self.client.force_authenticate(self.town.staff)
        self.assertEqual(self.client.get("/api/notifications/").json()["count"], 7)

    def test_what_is_gone_is_left_out(self):
        self.client.force_authenticate(self.town.joseph)
        self.town.posts[0].delete()
        self.assertIsNone(self.client.get("/api/notifications/").json()["results"][0]["target"])

    def test_read_all(self):
        self.client.force_authenticate(self.town.django)
        self.assertEqual(self.client.get("/api/notifications/unread/").json(), {"unread": 6})
        self.client.post("/api/notifications/read/")
        self.assertEqual(self.client.get("/api/notifications/unread/").json(), {"unread": 0})
        self.assertEqual(Notification.objects.filter(read_at=None).count(), 1)

    def test_clear(self):
        self.client.force_authenticate(self.town.django)
        self.client.post("/api/notifications/read/")
        self.assertEqual(self.client.post("/api/notifications/clear/").json(), {"deleted": 6})

    def test_devices(self):
        self.client.force_authenticate(self.town.django)
        form = {"token": "abc", "platform": "ios"}
        self.assertEqual(self.client.post("/api/devices/", form).status_code, 201)
        rows = self.client.get("/api/devices/").json()["results"]
        self.assertEqual([row["token"] for row in rows], ["abc"])


class AdminTests(TestCase):
    def test_notifications(self):
        town = Town.build()
        notify(town, town.django, town.posts)
        self.client.force_login(town.staff)
        response = self.client.get(reverse("admin:notifications_notification_changelist"))
        self.assertContains(response, "Nuages 4")


class DigestTests(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.town = Town.build()
        Notification.objects.all().delete()
        for person in cls.town.people:
            make_post(person, title=f"News of {person}", created_at=timezone.now())
        notify(cls.town, cls.town.django, cls.town.posts)

    def digest(self, **options):
        out = StringIO()
        call_command("digest", stdout=out, **options)
        return out.getvalue().strip()

    def test_digest(self):
        self.assertEqual(self.digest(), "4 digests.")
        text = {letter.to[0]: letter.body for letter in mail.outbox}["django@chorus.example"]
        self.assertIn("News of joseph, by joseph", text)
        self.assertIn("notifications wait for you", text)
        self.town.django.profile.refresh_from_db()
        self.assertIsNotNone(self.town.django.profile.digest_sent_at)

    def test_dry_run(self):
        self.assertEqual(self.digest(dry_run=True), "4 digests.")
        self.assertEqual(mail.outbox, [])

    def test_who_does_not_want_it(self):
        self.town.django.profile.wants_digest = False
        self.town.django.profile.save()
        self.assertEqual(self.digest(), "3 digests.")

    def test_prune(self):
        long_ago = timezone.now() - timedelta(days=90)
        notify(self.town, self.town.ninine, self.town.posts, read_at=long_ago)
        self.digest(dry_run=True, prune=30)
        self.assertFalse(Notification.objects.filter(read_at__isnull=False).exists())
