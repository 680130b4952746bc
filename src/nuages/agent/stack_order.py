"""What one process of the stack is told: where its services are, and how it drains."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

VARIABLE = "NUAGES_STACK"  # names the JSON file of a StackOrder


@dataclass(frozen=True, kw_only=True)
class DatabasePlace:
    """Where one alias of DATABASES is for this process."""

    name: str
    host: str  # a folder of sockets, or a host
    port: int
    user: str
    password: str = ""
    vendor: str = "postgresql"
    transaction_pooled: bool = True  # behind PgBouncer in transaction mode
    native_pool: int = 0  # size of Django's own pool, where there is no PgBouncer; 0: none
    replica_of: str | None = None  # alias; this one is a streaming read replica


@dataclass(frozen=True, kw_only=True)
class StackOrder:
    """All that the settings overlay and the readiness endpoint of one process need."""

    service: str
    replica: str  # "web-3"
    databases: Mapping[str, DatabasePlace] = field(default_factory=dict)  # by alias
    cache: str | None = None  # "unix:///…/valkey.sock?db=0", "memcached:///…/memcached.sock"
    hosts: Sequence[str] = ()  # to be allowed beside the project's own
    origin: str = ""  # "http://127.0.0.1:8000", to be trusted for CSRF
    static_root: str | None = None  # where collectstatic writes, and the balancer reads
    media_root: str | None = None  # one folder for all replicas
    drain_file: str = ""  # the readiness endpoint answers 503 once it exists
    ready_path: str = "/-/nuages/ready"
    metrics_path: str = "/-/nuages/metrics"
    metrics_file: str = ""  # this process's counters, for the supervisor and Prometheus
    keep: Sequence[str] = ()  # parts of the overlay that the project refused
    applied_file: str = ""  # where the overlay lists what it changed, as JSON lines

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=1)

    @classmethod
    def from_json(cls, text: str) -> StackOrder:
        values: dict[str, Any] = json.loads(text)
        places = values.pop("databases", {})
        return cls(
            databases={alias: DatabasePlace(**place) for alias, place in places.items()}, **values
        )


def read() -> StackOrder | None:
    """The order of this process; None when it is not part of a stack."""
    path = os.environ.get(VARIABLE)
    if not path:
        return None
    with open(path, encoding="utf-8") as file:
        return StackOrder.from_json(file.read())
