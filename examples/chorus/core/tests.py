from pathlib import Path
from unittest import mock

from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.test import SimpleTestCase, TestCase

from accounts.models import User
from config import env
from posts.models import Post

from .templatetags.chorus import initials


class EnvironmentTests(SimpleTestCase):
    def database(self, url):
        with mock.patch.dict("os.environ", {"SOME_URL": url}):
            return env.database("SOME_URL", base=Path("/srv"))

    def test_sqlite(self):
        self.assertEqual(self.database("sqlite:///x.sqlite3")["NAME"], Path("/srv/x.sqlite3"))
        self.assertEqual(self.database("sqlite:///:memory:")["NAME"], ":memory:")

    def test_postgres(self):
        found = self.database("postgres://ann:s%40fe@db.example:6432/chorus?sslmode=require")
        self.assertEqual(found["PASSWORD"], "s@fe")
        self.assertEqual((found["HOST"], found["PORT"]), ("db.example", "6432"))
        self.assertEqual(found["OPTIONS"], {"sslmode": "require"})

    def test_unknown(self):
        with self.assertRaisesMessage(ImproperlyConfigured, "unknown scheme"):
            self.database("dbase://x/y")

    def test_missing(self):
        with self.assertRaisesMessage(ImproperlyConfigured, "NO_SUCH_THING"):
            env.text("NO_SUCH_THING")


class FilterTests(SimpleTestCase):
    def test_initials(self):
        self.assertEqual(initials("Django Reinhardt"), "DR")
        self.assertEqual(initials(""), "")


class SeedTests(TestCase):
    def test_seed_is_always_the_same_and_only_for_empty_databases(self):
        call_command("seed", users=10, verbosity=0, stdout=mock.Mock())
        self.assertEqual(User.objects.filter(profile__isnull=False).count(), 10)
        self.assertEqual(Post.objects.count(), 40)
        self.assertTrue(User.objects.get(username="maya").is_superuser)
        with self.assertRaises(CommandError):
            call_command("seed", users=10, stdout=mock.Mock())
