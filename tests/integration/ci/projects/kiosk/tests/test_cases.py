"""As unittest writes them."""

import unittest

import pytest
from asgiref.sync import sync_to_async
from django.contrib.contenttypes.models import ContentType
from django.test import TestCase, TransactionTestCase
from press.models import Author, Paper


class Lists(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.author = Author.objects.create(name="Ann")

    def setUp(self):
        for number in range(4):
            Paper.objects.create(title=f"Paper {number}", author=self.author)

    def tearDown(self):
        Paper.objects.count()

    def test_papers(self):
        self.assertEqual(len(self.client.get("/papers/").json()["papers"]), 4)

    def test_model(self):
        ContentType.objects.get_for_model(Paper)
        self.assertEqual(Paper.objects.filter(author=self.author).count(), 4)

    async def test_async(self):
        response = await self.async_client.get("/papers/")
        self.assertEqual(len(response.json()["papers"]), 4)


class Flushed(TransactionTestCase):
    def test_authors(self):
        self.client.get("/authors/")


@pytest.mark.django_db
class Apart(unittest.IsolatedAsyncioTestCase):
    def setUp(self):
        list(Author.objects.all())

    async def test_model(self):
        await sync_to_async(Paper.objects.count)()
