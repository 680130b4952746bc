"""Tests as a project has them, to be recorded."""

from django.test import TestCase

from shelf.data import fill
from shelf.models import Book


class ViewTests(TestCase):
    @classmethod
    def setUpTestData(cls):
        fill()

    def test_books(self):
        response = self.client.get("/books/")
        self.assertEqual(response.status_code, 200)

    def test_titles(self):
        for book in Book.objects.all():
            self.assertTrue(book.author.titles())


class MoreTests(TestCase):
    def test_nothing(self):
        self.assertFalse(Book.objects.exists())

    def test_wrong(self):
        self.assertTrue(Book.objects.exists())
