"""Work recorded into a spool that something happens to; prints what a reader may expect."""

import json
import os
import random
import resource
import shutil
import signal
import sys
import threading
import time


def begin(spool, mode="light"):
    from nuages.agent.attach import AttachConfig
    from nuages.record import recorder

    recorder.install(AttachConfig(roots={".": os.getcwd()}, mode=mode, spool=spool))
    import django

    django.setup()


def work(executions, name="work"):
    from django.db import connection

    from nuages.record import recorder

    for number in range(executions):
        with recorder.scope("task", name), connection.cursor() as cursor:
            assert cursor.execute("SELECT %s", [number]).fetchone() == (number,)


def flush():
    from nuages.record import snapshots

    snapshots.flush()


def plain(spool):
    begin(spool)
    work(3)


def full(spool, later="full"):
    """A disk that is full after the first snapshot, and perhaps has room again."""
    begin(spool)
    work(3)
    flush()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    work(4)
    flush()
    files = sorted(os.path.splitext(name)[1] for name in os.listdir(spool))
    if later == "room":
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        work(1)
    print(json.dumps(files))


def removed(spool):
    begin(spool)
    work(2)
    flush()
    shutil.rmtree(spool)
    work(3)


def clocks(spool):
    """The wall clock jumps by hours, to and fro, whenever anyone looks."""
    real, chance = time.time_ns, random.Random(1)
    time.time_ns = lambda: real() + chance.randrange(-(10**13), 10**13)
    time.time = lambda: time.time_ns() / 1e9
    begin(spool, "deep")
    for _ in range(3):
        work(2)
        flush()


def threads(spool):
    """One thread outlives the main thread's work, one is a daemon that never ends."""
    begin(spool)
    threading.Thread(target=lambda: (time.sleep(0.5), work(2, "late"))).start()
    threading.Thread(target=lambda: [work(1, "endless") for _ in iter(int, 1)], daemon=True).start()
    work(1)


def within(spool):
    """The process ends in the midst of its work."""
    from nuages.record import recorder

    begin(spool)
    with recorder.scope("command", "unfinished"):
        work(2)
        sys.exit(0)


def killed(spool):
    """Children write snapshots all the time and are killed; → how many each has announced."""
    begin(None)
    written = []
    for number in range(20):
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            _write_on(f"{spool}/{number}", writing)
        os.close(writing)
        time.sleep(random.uniform(0.02, 0.12))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        with open(reading) as file:
            lines = file.read().split("\n")[:-1]
        written.append(int(lines[-1]) if lines else 0)
    print(json.dumps(written))


def _write_on(spool, announced):
    from nuages.record import executions, recorder, snapshots

    snapshots.open_spool(spool, recorder.snapshot)
    for number in range(10**6):
        with recorder.scope("task", "work"):
            for name in range(500):
                executions.current().call(("cache", f"{number % 20}-{name}", "get", 0), 0, 1)
        snapshots.writer.write()
        os.write(announced, b"%d\n" % (number + 1))


if __name__ == "__main__":
    sys.path.insert(0, os.getcwd())
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    globals()[sys.argv[1]](*sys.argv[2:])
