"""The rows of a help desk."""

from django.contrib.auth.models import User
from django.core.management import call_command


def fill():
    call_command("migrate", run_syncdb=True, verbosity=0)
    User.objects.create(username="admin", is_staff=True, is_superuser=True)
