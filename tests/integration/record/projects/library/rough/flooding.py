"""Floods of everything that a recorder keeps by name, in one process; → how large it has become."""

import json
import os
import resource
import sys
import time


def main(mode, output):
    from nuages.agent.attach import AttachConfig
    from nuages.record import recorder

    recorder.install(AttachConfig(roots={".": os.getcwd()}, mode=mode))
    import django

    django.setup()
    before = memory()
    seconds = {}
    for flood in (statements, names, sites, long_texts, queries, scopes):
        start = time.perf_counter()
        flood(recorder)
        seconds[flood.__name__] = time.perf_counter() - start
    grown = memory() - before
    with open(output, "w") as file:
        json.dump({"snapshot": recorder.snapshot(), "grown": grown, "seconds": seconds}, file)


def memory():
    """The most memory that was ever in use, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def statements(recorder):
    from django.db import connection

    with recorder.scope("task", "statements"), connection.cursor() as cursor:
        for number in range(10_000):
            cursor.execute(f"SELECT 1 AS column{number}")


def names(recorder):
    from nuages.record import executions

    with recorder.scope("task", "names"):
        for number in range(30_000):
            name = f"host{number}:{number}" + "x" * 500
            executions.current().call(("outside", name, "GET", 0), 0, 1)
    for number in range(10_000):
        with recorder.scope("task", f"named {number % 10}"):
            executions.current().call(("outside", f"another{number}", "GET", 0), 0, 1)


def scopes(recorder):
    for number in range(5_000):
        with recorder.scope("task", f"scope {number}"):
            pass


def sites(recorder):
    """Code made at run time, each in a file of its own within the project."""
    from django.db import connection

    with recorder.scope("task", "sites"), connection.cursor() as cursor:
        for number in range(12_000):
            file = os.path.join(os.getcwd(), f"made{number}.py")
            exec(compile("cursor.execute('SELECT 1')", file, "exec"), {"cursor": cursor})


def long_texts(recorder):
    from django.db import connection

    with recorder.scope("task", "long"), connection.cursor() as cursor:
        for number in range(3):
            rows = ", ".join([f"({number})"] * 1_000_000)
            try:
                cursor.execute(f"INSERT INTO nothing (a) VALUES {rows}")
            except Exception as error:
                del error
        for number in range(1_000):
            cursor.execute(f"SELECT 1 AS c{number} /* {'x' * 9_000} */")


def queries(recorder):
    from django.db import connection

    with recorder.scope("command", "queries"), connection.cursor() as cursor:
        for number in range(20_000):
            cursor.execute("SELECT %s", [number])


if __name__ == "__main__":
    sys.path.insert(0, os.getcwd())
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    main(*sys.argv[1:])
