"""Runs every case under a recorder and writes the snapshot, for the tests of the recorder."""

import json
import os
import sys
import warnings

import django
from django.core.management import call_command


def main(mode, output):
    from nuages.agent.attach import AttachConfig
    from nuages.record import recorder

    warnings.simplefilter("ignore")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    recorder.install(AttachConfig(roots={".": os.getcwd()}, mode=mode))
    django.setup()
    call_command("migrate", run_syncdb=True, verbosity=0)
    from django.db import transaction

    from shelf.cases import CASES
    from shelf.data import fill

    fill()
    recorder.reset()
    for case in CASES:
        with recorder.scope("task", case.__name__), transaction.atomic():
            case()
            transaction.set_rollback(True)
    with open(output, "w") as file:
        json.dump(recorder.snapshot(), file)
    recorder.uninstall()


if __name__ == "__main__":
    sys.path.insert(0, os.getcwd())
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    main(*sys.argv[1:])
