"""One job that succeeds and one that fails, in each of the queues and schedulers that there are."""

import asyncio
import json
import logging
import os
import sys
from contextlib import suppress

logging.disable(logging.CRITICAL)


def celery():
    import celery

    from live import work

    app = celery.Celery("shop", set_as_current=False)
    app.conf.task_always_eager = True
    app.task(work.count_books, name="live.work.count_books").delay()
    app.task(work.fail, name="live.work.fail").delay()


def celery_worker():
    """A real worker, on a broker in memory, in threads."""
    import celery
    from celery.contrib.testing import worker

    from live import work

    app = celery.Celery("shop", broker="memory://", backend="cache+memory://", set_as_current=False)
    good = app.task(work.count_books, name="live.work.count_books")
    bad = app.task(work.fail, name="live.work.fail")
    with worker.start_worker(app, pool="threads", perform_ping_check=False, concurrency=1):
        waiting = [good.delay(), bad.delay()]
        for result in waiting:
            with suppress(ValueError):
                result.get(timeout=20)


def tasks():
    from django.tasks import task

    from live import work

    task(work.count_books).enqueue()
    task(work.fail).enqueue()


def django_tasks():
    from django_tasks import task

    from live import work

    task(work.count_books).enqueue()
    task(work.fail).enqueue()


def rq():
    from rq.job import Job

    from live import work

    for function in (work.count_books, work.fail):
        job = Job.create(function, connection=Connection())
        with suppress(ValueError):
            job.perform()


class Connection:
    """Jobs that are performed where they are made ask their connection for a name only."""

    connection_pool = None

    def __getattr__(self, name):
        return lambda *args, **kwargs: None


def dramatiq():
    import dramatiq
    from dramatiq.brokers.stub import StubBroker

    from live import work

    broker = StubBroker()
    dramatiq.set_broker(broker)
    actors = [dramatiq.actor(function, max_retries=0) for function in (work.count_books, work.fail)]
    worker = dramatiq.Worker(broker, worker_timeout=50, worker_threads=1)
    worker.start()
    for actor in actors:
        actor.send()
        with suppress(ValueError):
            broker.join(actor.queue_name, fail_fast=True)
    worker.join()
    worker.stop()


def huey():
    from huey import MemoryHuey

    from live import work

    queue = MemoryHuey("shop", immediate=True)
    for function in (work.count_books, work.fail):
        queue.task()(function)()


def apscheduler():
    from apscheduler.executors.debug import DebugExecutor
    from apscheduler.executors.pool import ThreadPoolExecutor
    from apscheduler.schedulers.background import BackgroundScheduler

    from live import work

    for kind in (DebugExecutor, ThreadPoolExecutor):
        scheduler = BackgroundScheduler(executors={"default": kind()}, timezone="UTC")
        scheduler.start(paused=True)
        for function in (work.count_books, work.fail):
            scheduler.add_job(function, misfire_grace_time=60)
        scheduler.resume()
        wait_until(lambda scheduler=scheduler: not scheduler.get_jobs())
        scheduler.shutdown(wait=True)


def apscheduler_async():
    from apscheduler.schedulers.asyncio import AsyncIOScheduler

    from live import work

    async def main():
        scheduler = AsyncIOScheduler(timezone="UTC")
        scheduler.start()
        scheduler.add_job(work.count_books_later, misfire_grace_time=60)
        for _ in range(100):
            await asyncio.sleep(0.02)
        scheduler.shutdown()

    asyncio.run(main())


def apscheduler_processes():
    """Its functions go to other processes by their names."""
    from apscheduler.executors.pool import ProcessPoolExecutor
    from apscheduler.schedulers.background import BackgroundScheduler

    scheduler = BackgroundScheduler(executors={"default": ProcessPoolExecutor(1)}, timezone="UTC")
    scheduler.start()
    done = []
    scheduler.add_listener(lambda event: done.append(event.retval), 4096)
    scheduler.add_job(os.getpid, misfire_grace_time=60)
    wait_until(lambda: done)
    scheduler.shutdown(wait=True)
    assert done[0] != os.getpid()


def wait_until(condition):
    import time

    for _ in range(500):
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError("it never happened")


def schedule():
    import schedule

    from live import work

    schedule.every().day.do(work.count_books)
    schedule.every().day.do(work.fail)
    for job in schedule.get_jobs():
        with suppress(ValueError):
            job.run()


def procrastinate():
    from procrastinate import App
    from procrastinate.testing import InMemoryConnector

    from live import work

    app = App(connector=InMemoryConnector())
    functions = (work.count_books, work.fail, work.count_books_later)

    async def main():
        async with app.open_async():
            for function in functions:
                await app.task(function).defer_async()
            await app.run_worker_async(wait=False, install_signal_handlers=False)

    asyncio.run(main())


def django_q():
    from django.conf import settings

    from live import work

    assert settings.Q_CLUSTER
    from django_q.tasks import async_task

    async_task(work.count_books, sync=True)
    with suppress(ValueError):
        async_task("live.work.fail", sync=True)


def main(name, mode, output):
    from nuages.agent.attach import AttachConfig
    from nuages.record import recorder

    recorder.install(AttachConfig(roots={".": os.getcwd()}, mode=mode))
    import django
    from django.conf import settings

    if name == "django_q":
        settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "django_q"]
        settings.Q_CLUSTER = {"orm": "default", "save_limit": -1, "timeout": 60, "retry": 90}
    django.setup()
    from django.core.management import call_command

    call_command("migrate", run_syncdb=True, verbosity=0)
    recorder.reset()
    globals()[name]()
    with open(output, "w") as file:
        json.dump(recorder.snapshot(), file)


if __name__ == "__main__":
    sys.path.insert(0, os.getcwd())
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    main(*sys.argv[1:])
