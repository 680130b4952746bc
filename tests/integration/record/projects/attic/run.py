"""Runs every case without and with a recorder; writes what they gave and what was recorded."""

import gc
import json
import os
import sys

import django
from django.conf import settings
from django.core.management import call_command
from django.db import transaction


def fill():
    from attic.models import Drawer, Letter, Note, Odd, Stamp

    for number in range(2):
        drawer = Drawer.objects.create(label=f"Drawer {number}")
        for _ in range(2):
            note = Note.objects.create(title=f"Note {number}", body="…" * 500, drawer=drawer)
            Stamp.objects.create(note=note)
        Letter.objects.create(title="Letter", body="", drawer=drawer, sender="me")
        Odd.objects.create(name="Odd", file="a.txt", extra={"long": "…" * 300})
    if django.VERSION >= (5, 0):
        from attic.models import Box

        Box.objects.create(side=3)


def results(scope):
    from attic.cases import CASES

    found = {}
    for case in CASES:
        with scope("task", case.__name__), transaction.atomic():
            found[case.__name__] = case()
            transaction.set_rollback(True)
    return json.loads(json.dumps(found))


def descriptors():
    from django.apps import apps

    return {
        f"{model._meta.label}.{name}": (id(value), id(type(value)))
        for model in apps.get_models()
        for name, value in vars(model).items()
        if hasattr(type(value), "__get__")
    }


def main(output):
    settings.configure(
        INSTALLED_APPS=["attic"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
    )
    from nuages.agent.attach import AttachConfig
    from nuages.record import recorder, uses

    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    django.setup()
    call_command("migrate", run_syncdb=True, verbosity=0)
    fill()
    plain = results(recorder.scope)
    before = descriptors()
    recorder.install(AttachConfig(roots={".": os.getcwd()}, mode="deep"))
    recorder.reset()
    recorded = results(recorder.scope)
    again = results(recorder.scope)
    gc.collect()  # closes the cursor of what was streamed in part
    snapshot = recorder.snapshot()
    during = descriptors()
    uses.FETCHES, uses.QUIET_S = 0, -1.0
    quiet = results(recorder.scope)
    silent = descriptors()
    recorder.uninstall()
    after = descriptors()
    with open(output, "w") as file:
        json.dump(
            {
                "snapshot": snapshot,
                "plain": plain,
                "recorded": recorded,
                "again": again,
                "quiet": quiet,
                "still_switched": [name for name in before if silent[name] != before[name]],
                "switched": len([name for name in before if during[name] != before[name]]),
                "left": [name for name in before if after.get(name) != before[name]],
                "detached": results(recorder.scope),
            },
            file,
        )


if __name__ == "__main__":
    sys.path.insert(0, os.path.dirname(os.getcwd()))
    main(*sys.argv[1:])
