"""Visits every view and runs every command under a deep recorder; writes the snapshot."""

import asyncio
import json
import os
import sys

import django
from django.core.management import call_command

# Half of the posts have an editor: too few, of one request alone, to call their join unused.
TWICE = ("/two_joined_for_nothing/", "/joined_for_nothing_in_template/")


def main(output):
    from nuages.agent.attach import AttachConfig
    from nuages.record import recorder

    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    recorder.install(AttachConfig(roots={".": os.getcwd()}, mode="deep"))
    django.setup()
    call_command("migrate", run_syncdb=True, verbosity=0)
    from django.contrib.auth.models import User
    from django.test import AsyncClient, Client
    from shop import urls
    from shop.data import fill

    fill()
    client = Client()
    client.force_login(User.objects.create_superuser("staff", "staff@example.org", "secret"))
    recorder.reset()
    for pattern in urls.urlpatterns[1:]:
        where = f"/{pattern.pattern}"
        if where.endswith("_async/"):
            asyncio.run(AsyncClient().get(where))
            continue
        for _ in range(2 if where in TWICE else 1):
            response = client.get(where)
            if response.streaming:
                b"".join(response.streaming_content)
    for model in ("post", "comment", "flag", "country"):
        client.get(f"/admin/shop/{model}/")
    call_command("loud_digest", verbosity=0)
    call_command("quiet_digest", verbosity=0)
    with open(output, "w") as file:
        json.dump(recorder.snapshot(), file)
    recorder.uninstall()


if __name__ == "__main__":
    sys.path.insert(0, os.getcwd())
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    main(*sys.argv[1:])
