from __future__ import annotations

from nuages.topology import Service, Topology
from nuages.topology.resolve import Found, resolve
from nuages.up.describing import values


def test_every_value_that_can_be_set_has_its_source():
    found = Found(name="shop", wsgi="shop.wsgi:application", cpus=2)
    topology = resolve({"services": {"api": {"routes": ("/api/",)}}}, found)
    missing = [path for path, _ in values(topology) if path not in topology.sources]
    assert missing == []


def test_a_worker_is_told_by_its_command():
    worker = Service(name="mail", kind="worker", server="command", command=("celery", "worker"))
    web = Service(name="web", application="shop.wsgi:application")
    told = dict(values(Topology(project="shop", services=(web, worker))))
    assert told["services.mail.command"] == "celery worker"
    assert "services.mail.threads" not in told
