"""Forks within a request, in each way that there is."""

import os
import sys


def set_up():
    import django
    from django.conf import settings

    settings.ROOT_URLCONF = "rough.urls"
    django.setup()


def name_of(pk):
    """In a process of its own, which may know nothing yet."""
    set_up()
    from shelf.models import Author

    return Author.objects.get(pk=pk).name


def main(how):
    set_up()
    from django.test import Client

    response = Client().get(f"/forking/{how}/")
    assert response.json()["status"] == 0, response.json()
    print(response.json()["names"])


if __name__ == "__main__":
    sys.path.insert(0, os.getcwd())
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    main(*sys.argv[1:])
