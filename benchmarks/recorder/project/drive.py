"""One contender's process: takes orders as JSON lines, asks the site in-process, gives figures."""

import gc
import hashlib
import importlib
import io
import json
import os
import signal
import sys
import threading
import time
from collections import Counter
from time import perf_counter, process_time_ns, thread_time_ns

PATHS = {
    "a": "/one/",
    "b": "/loop/",
    "c": "/prefetched/",
    "d": "/api/posts/",
    "e": "/admin/blog/post/",
}
PAGE = os.sysconf("SC_PAGE_SIZE")
INTERVAL = 0.0005  # seconds between two samples of the stack


class Site:
    """The site's WSGI application, asked without a server in between."""

    def __init__(self):
        from django.contrib.sessions.models import Session
        from django.core.handlers.wsgi import WSGIHandler

        self.application = WSGIHandler()
        session = Session.objects.first()
        self.cookie = f"sessionid={session.session_key}" if session else ""
        self.asked = Counter()

    def ask(self, path):
        """Answer a GET from the first middleware to the last byte; → the body."""
        statuses = []
        environ = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": path,
            "SCRIPT_NAME": "",
            "QUERY_STRING": "",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_HOST": "localhost",
            "HTTP_COOKIE": self.cookie,
            "wsgi.input": io.BytesIO(b""),
            "wsgi.errors": sys.stderr,
            "wsgi.url_scheme": "http",
            "wsgi.version": (1, 0),
            "wsgi.multithread": False,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        response = self.application(environ, lambda status, headers: statuses.append(status))
        try:
            body = b"".join(response)
        finally:
            response.close()
        if not statuses[0].startswith("200"):
            raise RuntimeError(f"{path}: {statuses[0]}: {body[:300]!r}")
        return body

    def ask_often(self, view, requests):
        path = PATHS[view]
        for _ in range(requests):
            self.ask(path)
        self.asked[view] += requests


def warm(site, order):
    """Ask every view until caches and specialised bytecode are there; → what each answers."""
    bodies = {view: site.ask(path) for view, path in PATHS.items()}
    site.asked.update(list(PATHS))
    for _ in range(order["times"]):
        for view in PATHS:
            site.ask_often(view, order["requests"])
    gc.collect()
    gc.freeze()
    return {
        "bodies": {view: hashlib.sha256(body).hexdigest() for view, body in bodies.items()},
        "threads": threading.active_count(),
    }


def run(site, order):
    """CPU time of some requests to a view; garbage of before is not part of it."""
    gc.collect()
    process, thread = process_time_ns(), thread_time_ns()
    site.ask_often(order["view"], order["requests"])
    thread = thread_time_ns() - thread
    return {"thread_ns": thread, "process_ns": process_time_ns() - process}


def sustain(site, order):
    """CPU time under a steady load, so long that what runs in the background gets its turn."""
    end = perf_counter() + order["seconds"]
    process, thread = process_time_ns(), thread_time_ns()
    while perf_counter() < end:
        site.ask_often(order["view"], 1)
    thread = thread_time_ns() - thread
    return {"thread_ns": thread, "process_ns": process_time_ns() - process}


def survey(site, order):
    """How many queries each view makes."""
    from django.db import connection

    counts = Counter()

    def count(execute, sql, params, many, context):
        counts[view] += 1
        return execute(sql, params, many, context)

    for view in PATHS:
        with connection.execute_wrapper(count):
            site.ask_often(view, 1)
    return {"queries": counts, "versions": _versions()}


def _versions():
    import django
    import rest_framework
    from django.db import connection

    with connection.cursor() as cursor:
        postgres = connection.vendor == "postgresql"
        cursor.execute("SHOW server_version" if postgres else "SELECT sqlite_version()")
        [server] = cursor.fetchone()
    return {
        "Python": sys.version.split()[0],
        "Django": django.get_version(),
        "REST framework": rest_framework.VERSION,
        "PostgreSQL" if postgres else "SQLite": server.split()[0],
    }


def grow(site, order):
    """Resident memory over very many requests, each of one of very many statements."""
    sizes = []
    for number in range(order["requests"]):
        site.ask(f"/statements/{number % order['statements']}/")
        if (number + 1) % order["every"] == 0:
            gc.collect()
            sizes.append(_resident())
    return {"bytes": sizes, "thread_ns": thread_time_ns(), "process_ns": process_time_ns()}


def _resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * PAGE


def sample(site, order):
    """Where the recorder's own time goes: the stack, looked at by a timer's signal."""
    own, places, samples = order["folder"], Counter(), 0
    foreign = tuple(order["foreign"])

    def look(number, frame):
        nonlocal samples
        samples += 1
        while frame is not None:
            name = frame.f_code.co_filename
            if name.startswith(own):
                places[name[len(own) :], frame.f_lineno, frame.f_code.co_qualname] += 1
                return
            if name.startswith(foreign) or name == __file__:
                return
            frame = frame.f_back

    signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, INTERVAL, INTERVAL)
    requests, start = 0, perf_counter()
    while perf_counter() - start < order["seconds"]:
        site.ask_often(order["view"], 1)
        requests += 1
    signal.setitimer(signal.ITIMER_REAL, 0)
    return {
        "places": [[*place, count] for place, count in places.items()],
        "samples": samples,
        "requests": requests,
        "seconds": perf_counter() - start,
    }


def prepare(settings):
    """Set up Django and the contender; → the site, or why there is none."""
    for name in settings["needs"]:
        importlib.import_module(name)
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    import django
    from django.core.management import call_command

    django.setup()
    if settings["fill"] or settings["apps"]:
        call_command("migrate", run_syncdb=True, verbosity=0)
    if settings["fill"]:
        from blog.data import fill

        fill()
    if settings["prepare"]:
        module, _, name = settings["prepare"].partition(":")
        getattr(importlib.import_module(module), name)()
    return Site()


ORDERS = {
    "warm": warm,
    "run": run,
    "sustain": sustain,
    "survey": survey,
    "grow": grow,
    "sample": sample,
}


def main():
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what a contender prints is not an answer
    try:
        site = prepare(json.loads(os.environ["BENCHMARK_SITE"]))
    except ModuleNotFoundError as error:
        answers.write(json.dumps({"missing": str(error)}) + "\n")
        return
    answers.write(json.dumps({"ready": time.time()}) + "\n")
    for line in sys.stdin:
        order = json.loads(line)
        answers.write(json.dumps(ORDERS[order["do"]](site, order)) + "\n")
    answers.write(json.dumps({"asked": site.asked}) + "\n")


if __name__ == "__main__":
    main()
