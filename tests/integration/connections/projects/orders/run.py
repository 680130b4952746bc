"""Asks every view some times, as a server would, and writes what was recorded."""

import json
import os
import sys
from io import BytesIO

sys.path.insert(0, os.getcwd())


def main(output):
    import servers

    os.environ["ORDERS_WEB"], os.environ["ORDERS_MAIL"] = map(str, servers.start())
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    from nuages.agent.attach import AttachConfig
    from nuages.record import recorder

    recorder.install(AttachConfig(roots={".": os.getcwd()}, mode="light"))
    import django

    django.setup()
    from django.core.management import call_command
    from django.core.wsgi import get_wsgi_application
    from django.db import connections

    call_command("migrate", run_syncdb=True, verbosity=0)
    connections.close_all()
    application = get_wsgi_application()
    recorder.reset()
    from config.urls import urlpatterns

    for pattern in urlpatterns:
        for _ in range(3):
            ask(application, f"/{pattern.pattern}")
    ask(application, "/plain/", "abroad")
    with open(output, "w") as file:
        json.dump(recorder.snapshot(), file)


def ask(application, path, query=""):
    environ = {
        "REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": query, "SERVER_NAME": "here",
        "SERVER_PORT": "80", "wsgi.input": BytesIO(), "wsgi.url_scheme": "http",
    }  # fmt: skip
    statuses = []
    response = application(environ, lambda status, headers: statuses.append(status))
    b"".join(response)
    response.close()
    assert statuses == ["200 OK"], (path, statuses)


if __name__ == "__main__":
    main(*sys.argv[1:])
