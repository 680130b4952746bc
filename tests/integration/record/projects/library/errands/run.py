"""Runs every errand under a recorder and writes the snapshot, for the tests of the recorder."""

import json
import os
import sys
import warnings

import django
from django.core.management import call_command


def main(mode, output):
    from errands import servers

    web, mail = servers.start()
    os.environ |= {"ERRANDS_PORT": str(web), "ERRANDS_MAIL": str(mail)}
    warnings.simplefilter("ignore")
    from nuages.agent.attach import AttachConfig
    from nuages.record import recorder

    recorder.install(AttachConfig(roots={".": os.getcwd()}, mode=mode))
    django.setup()
    from django.conf import settings

    settings.EMAIL_HOST, settings.EMAIL_PORT = "localhost", mail
    settings.ALLOWED_HOSTS = ["*"]
    alias = os.environ.get("ERRANDS_ALIAS", "default")
    for name in {"default", alias}:
        call_command("migrate", verbosity=0, database=name)  # what the others refer to
        call_command("migrate", run_syncdb=True, verbosity=0, database=name)
    call_command("createcachetable", verbosity=0)
    from errands import caching, calling, connecting, rendering

    rendering.fill()
    cases = [*caching.CASES, *calling.CASES, *connecting.CASES, *rendering.CASES]
    if alias == "postgres":
        cases += connecting.COPIES
    recorder.reset()
    for case in cases:
        with recorder.scope("task", f"{case.__module__}.{case.__name__}"):
            case()
    with open(output, "w") as file:
        json.dump(recorder.snapshot(), file)
    recorder.uninstall()


if __name__ == "__main__":
    sys.path.insert(0, os.getcwd())
    os.environ["DJANGO_SETTINGS_MODULE"] = "errands.settings"
    main(*sys.argv[1:])
