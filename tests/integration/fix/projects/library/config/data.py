"""The rows of a small library."""

from django.contrib.auth.models import User
from django.core.management import call_command
from shelf.models import Book


def fill():
    call_command("migrate", run_syncdb=True, verbosity=0)
    User.objects.create(username="admin", is_staff=True, is_superuser=True)
    for number in range(40):
        Book.objects.create(title=f"book {number}", pages=number, blurb="so it begins … " * 200)
