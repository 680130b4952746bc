"""Records the site while it answers: paths as JSON in, answers and a snapshot out."""

import base64
import json
import os
import sys
from importlib import import_module

from nuages.agent.attach import AttachConfig
from nuages.record import recorder


def ask(client, path):
    response = client.get(path)
    body = b"".join(response.streaming_content) if response.streaming else response.content
    response.close()
    figures = recorder.last_request()
    return {
        "path": path,
        "status": response.status_code,
        "type": response.headers.get("Content-Type", ""),
        "route": figures["route"],
        "queries": figures["queries"],
        "body": base64.b64encode(body).decode(),
    }


def main():
    recorder.install(AttachConfig(roots={".": os.getcwd()}, mode="deep"))
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    import django

    django.setup()
    from django.contrib.auth.models import User
    from django.test import Client

    if not os.path.exists(os.environ["SITE_DB"]):
        import_module("config.data").fill()
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.get(username="admin"))
    paths = json.load(sys.stdin)
    client.get(paths[0])
    recorder.reset()
    answers = [ask(client, path) for path in paths]
    json.dump({"answers": answers, "snapshot": recorder.snapshot()}, sys.stdout)


if __name__ == "__main__":
    main()
