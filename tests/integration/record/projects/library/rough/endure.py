"""Makes every visit unrecorded, recorded, and recorded with faults; tells where they differ."""

import faulthandler
import json
import os
import sys
import tempfile

import django
from django.core.cache import caches
from django.core.management import call_command
from django.db.backends.signals import connection_created

FEW = 2  # visits made with a fault in place, of those that come across it


def prepare():
    """The project as it is before any visit; → the visits."""
    from django.conf import settings

    settings.ROOT_URLCONF = "rough.urls"
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "rough.views.Loud"]
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.STATIC_URL = "/static/"  # the admin has style sheets
    django.setup()
    connection_created.connect(forget_safety)
    call_command("migrate", run_syncdb=True, verbosity=0)
    from django.contrib.auth.models import User
    from django.middleware import csrf
    from django.test import Client
    from shelf.data import fill

    from rough import visits

    fill()
    client = Client()
    client.force_login(User.objects.create_superuser("staff", "staff@example.org", "secret"))
    csrf._get_new_csrf_string = lambda: "a" * csrf.CSRF_SECRET_LENGTH
    visits.start_server()
    return visits.Visits(client.cookies.output(header="").strip())


def forget_safety(connection, **_):
    """Thousands of commits that wait for the disk would take a minute."""
    connection.connection.execute("PRAGMA synchronous = OFF")


def main(mode, output):
    from nuages.agent.attach import AttachConfig
    from nuages.record import execution, faults, recorder
    from rough import faultlines  # noqa: F401 - reads the recorder's files as they are now

    visits = prepare()
    for name in visits.all:
        visits.make(name)  # fills caches
    plain = visits.made()
    unsteady = visits.different(plain)

    recorder.install(AttachConfig(roots={".": os.getcwd()}, mode=mode, spool=tempfile.mkdtemp()))
    execution.sample.choose(1)  # what light recordings measure now and then, now always
    visits.all["flush"] = (flush,)
    plain["flush"] = visits.make("flush")
    report = {
        "unsteady": unsteady,
        "visits": plain,
        "recorded": visits.different(plain),
        "noted": list(faults.texts),
    }
    before = figures(recorder, visits)
    report["faults"] = list(tried(visits, plain, recorder))
    after = figures(recorder, visits)
    report["figures"] = before
    report["forgotten"] = {k: [v, after.get(k)] for k, v in before.items() if after.get(k) != v}
    recorder.uninstall()
    report["uninstalled"] = visits.different(plain)
    with open(output, "w") as file:
        json.dump(report, file)


def tried(visits, plain, recorder):
    """Each fault with what came of it."""
    from nuages.record import executions, faults, totals
    from rough.faultlines import ERRORS, Faultlines, Reach

    totals.PENDING = 1  # each execution is folded in at its end, close to the answer
    reach = Reach()
    for name in visits.all:
        recorder.reset()
        with reach.during(name):
            visits.make(name)
    lines = Faultlines(reach, recorder._state.patches._undo)
    for number, (fault, names) in enumerate(lines.all()):
        recorder.reset()
        raised, different = 0, {}
        few = spread(names)
        for name in [*few, *(name for name in names if name not in few)]:
            if name not in few and raised:
                break
            with lines.broken(fault, ERRORS[number % len(ERRORS)]):
                given = visits.make(name)
            raised += lines.raised
            if given != plain[name]:
                different[name] = [plain[name], given]
        lasting = [name for name in different if visits.make(name) != plain[name]]
        yield {
            "fault": str(fault),
            "raised": raised,
            "noted": faults.count,
            "different": different,
            "left": left(executions),
        }
        if lasting:
            break  # it has broken the process, and everything after would look like a defect


def spread(names):
    """A few of them, first and last included."""
    step = max(len(names) // FEW, 1)
    return list(dict.fromkeys([*names[::step][:FEW], names[-1]]))


def flush():
    from shelf.models import Book

    from nuages.record import recorder, snapshots

    with recorder.scope("task", "flushed"):
        Book.objects.first()
        caches["default"].get("a")
    snapshots.flush()


def left(executions):
    """What of an execution still stands though nothing runs."""
    active = executions.active()
    return [*(e.name for e in executions._open.values()), *([active.name] if active else [])]


def figures(recorder, visits):
    """Executions, queries and rows by scope, of one round of visits."""
    recorder.reset()
    visits.made()
    found = {}
    for scope in recorder.snapshot()["scopes"]:
        if scope["kind"] != "process":
            figures = found.setdefault(f"{scope['kind']} {scope['name']}", [0, 0, 0])
            for index, name in enumerate(("executions", "queries", "rows")):
                figures[index] += scope[name]
    return found


if __name__ == "__main__":
    faulthandler.dump_traceback_later(150, exit=True)
    sys.path.insert(0, os.getcwd())
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    main(*sys.argv[1:])
