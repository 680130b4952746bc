from django.test import TestCase
from django.urls import reverse
from rest_framework.test import APITestCase

from core.factories import Town

from .models import Report


def report(town, targets):
    for number, target in enumerate(targets):
        Report.objects.create(
            reporter=town.people[number % 4], target=target, reason=f"reason {number}"
        )


class QueueTests(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.town = Town.build()
        report(cls.town, [*cls.town.posts, *cls.town.posts, *cls.town.comments[:3]])

    def test_the_queue_is_for_staff(self):
        self.client.force_login(self.town.django)
        self.assertEqual(self.client.get(reverse("moderation")).status_code, 302)

    def test_queue(self):
        self.client.force_login(self.town.staff)
        response = self.client.get(reverse("moderation"))
        self.assertContains(response, "A long story about strings.", count=10)
        self.assertContains(response, "Well said")
        self.assertContains(response, "<li>reason 7</li>", html=True)
        self.assertEqual(len(response.context["flagged"]), 5)

    def test_admin(self):
        self.client.force_login(self.town.staff)
        response = self.client.get(reverse("admin:moderation_report_changelist"))
        self.assertContains(response, "stephane")

    def test_uphold(self):
        self.client.force_login(self.town.staff)
        chosen = list(Report.objects.values_list("pk", flat=True)[:3])
        form = {"action": "uphold", "_selected_action": chosen}
        self.client.post(reverse("admin:moderation_report_changelist"), form)
        self.assertEqual(Report.objects.filter(state=Report.State.UPHELD).count(), 3)


class ReportApiTests(APITestCase):
    @classmethod
    def setUpTestData(cls):
        cls.town = Town.build()

    def test_report_a_post(self):
        self.client.force_authenticate(self.town.django)
        form = {"kind": "post", "object_id": self.town.posts[0].pk, "reason": "Too loud"}
        self.assertEqual(self.client.post("/api/reports/", form).status_code, 201)
        self.assertEqual(Report.objects.get().target, self.town.posts[0])
        self.assertEqual(self.client.get("/api/reports/").json()["results"][0]["kind"], "post")

    def test_own_reports_only(self):
        report(self.town, self.town.posts)
        self.client.force_authenticate(self.town.django)
        self.assertEqual(self.client.get("/api/reports/").json()["count"], 2)
        self.client.force_authenticate(self.town.staff)
        self.assertEqual(self.client.get("/api/reports/").json()["count"], 5)

    def test_totals(self):
        report(self.town, self.town.posts)
        self.client.force_authenticate(self.town.staff)
        totals = self.client.get("/api/reports/totals/").json()
        self.assertEqual(totals, {"open": 5, "upheld": 0, "rejected": 0})
