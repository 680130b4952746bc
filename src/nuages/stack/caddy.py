"""Caddy: the balancer. Its configuration is written once and never changed while it runs.

Any reload, and any change of its upstreams through its API, dropped connections: 13 to 70 of some
10,000 requests in 35 changes. So every slot that a service may ever use is declared up front.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import socket
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nuages.agent.stack_endpoints import BALANCER
from nuages.stack.child import Order
from nuages.topology import READY_PATH, Balancer, Service, Topology

SAYS_GOODBYE = 1  # seconds before it ends, in which it tells clients to connect anew
# It shares the machine with the replicas. Measured here for each request: 366 µs of CPU as Go would
# have it, 319 with rarer collections of a heap of some megabytes, 250 with fewer threads that look
# for work (two cores, pages of one query).
THRIFT = {"GOGC": "400", "GOMAXPROCS": str(max(1, (os.cpu_count() or 1) // 2))}
PRIVATE = "/-/nuages/*"  # answered by replicas to the balancer and the supervisor, to nobody else


@dataclass(frozen=True, kw_only=True)
class Caddy:
    """One balancer in front of every web service."""

    program: Path
    folder: Path
    topology: Topology
    sockets: Path  # folder of the replicas' sockets
    files: Mapping[str, Path] = field(default_factory=dict)  # URL prefix → root of URLs' paths
    generation: int = 1  # two may run at once, while one takes over from the other
    name: str = "caddy"
    listening: socket.socket | None = None  # held for it

    @property
    def admin_socket(self) -> Path:
        return self.folder / f"caddy-{self.generation}.sock"

    @property
    def _file(self) -> Path:
        return self.folder / f"caddy-{self.generation}.json"

    def order(self) -> Order:
        """How it is run."""
        return Order(
            name=self.name,
            argv=(str(self.program), "run", "--config", str(self._file)),
            environment={
                "PATH": os.environ.get("PATH", os.defpath),
                "HOME": str(self.folder),
                "XDG_DATA_HOME": str(self.folder),
                "XDG_CONFIG_HOME": str(self.folder),
                **THRIFT,
            },
            socket=self.listening.fileno() if self.listening else None,
            grace=15.0,
        )

    def prepare(self) -> None:
        """Write the configuration."""
        told = configuration(self.topology, self.sockets, self.admin_socket, self.files)
        self._file.write_text(json.dumps(told, indent=1), "utf-8")
        self.admin_socket.unlink(missing_ok=True)

    def answers(self) -> bool:
        """Whether it runs with its configuration."""
        return bool(self.upstreams())

    def upstreams(self) -> dict[str, dict[str, int]]:
        """Socket's file name, such as "web-1.sock" → requests in flight and failures."""
        text = ask(self.admin_socket, "/reverse_proxy/upstreams")
        found = json.loads(text) if text else []
        return {
            Path(each["address"].removeprefix("unix/")).name: {
                "in_flight": int(each["num_requests"]), "fails": int(each["fails"]),
            }
            for each in found
        }  # fmt: skip


def find(told: str = "") -> Path | None:
    """The program that was told, the wheel's, or the system's; None where there is none."""
    beside = Path(sys.executable).parent / "caddy"
    if told:
        return Path(told)
    if os.access(beside, os.X_OK):
        return beside
    found = shutil.which("caddy")
    return Path(found) if found else None


def configuration(
    topology: Topology, sockets: Path, admin: Path, files: Mapping[str, Path]
) -> dict[str, Any]:
    """Caddy's configuration in JSON, for all of a topology's slots."""
    server = {
        "listen": ["fd/0"],  # the supervisor's: who connects while Caddy restarts waits for it
        "automatic_https": {"disable": True},
        "routes": list(_routes(topology, sockets, files)),
        "errors": {"routes": [{"handle": [_unavailable()]}]},
    }
    return {
        "admin": {"listen": f"unix/{admin}|0600", "config": {"persist": False}},
        "logging": {"logs": _logs()},
        "apps": {
            "http": {
                "grace_period": "10s",
                "shutdown_delay": f"{SAYS_GOODBYE}s",
                "servers": {"up": server},
            }
        },
    }


def _routes(
    topology: Topology, sockets: Path, files: Mapping[str, Path]
) -> Iterator[dict[str, Any]]:
    yield {
        "match": [{"vars": {"{http.shutting_down}": ["true"]}}],
        "handle": [{"handler": "headers", "response": {"set": {"Connection": ["close"]}}}],
    }
    not_found = {"handler": "static_response", "status_code": 404}
    yield {"match": [{"path": [PRIVATE]}], "handle": [not_found], "terminal": True}
    for prefix, root in files.items():
        yield _files(prefix, root)
    for service in sorted(topology.web, key=lambda each: _specificity(each.routes)):
        route: dict[str, Any] = {"handle": [reverse_proxy(service, sockets, topology.balancer)]}
        if service.routes:
            route["match"] = matchers(service.routes)
        yield {**route, "terminal": True}


def _files(prefix: str, root: Path) -> dict[str, Any]:
    """Files below a prefix of URLs; what is not there is the project's to answer."""
    there = {"root": str(root), "try_files": ["{http.request.uri.path}"]}
    return {
        "match": [{"path": [f"{prefix}*"], "method": ["GET", "HEAD"], "file": there}],
        "handle": [{"handler": "file_server", "root": str(root)}],
        "terminal": True,
    }


def _specificity(routes: Sequence[str]) -> int:
    """The longest prefix first; the service of all the rest last."""
    return -max(map(len, routes), default=0)


def matchers(routes: Sequence[str]) -> list[dict[str, Any]]:
    """Matchers of path prefixes, and of the patterns that names were resolved to."""
    prefixes = [route for route in routes if not route.startswith("^")]
    paths = [path for route in prefixes for path in _paths(route)]
    found: list[dict[str, Any]] = [{"path": paths}] if paths else []
    patterns = [route for route in routes if route.startswith("^")]
    return found + [{"path_regexp": {"pattern": pattern}} for pattern in patterns]


def _paths(prefix: str) -> list[str]:
    """Caddy's `*` matches any characters: /api must not take /apidocs."""
    whole = prefix.rstrip("/")
    return [f"{whole}/*"] if prefix.endswith("/") else [whole, f"{whole}/*"]


def reverse_proxy(service: Service, sockets: Path, balancer: Balancer) -> dict[str, Any]:
    """The handler of one service, with every slot that it may use."""
    return {
        "handler": "reverse_proxy",
        "upstreams": [
            {"dial": f"unix/{sockets / f'{service.name}-{slot}.sock'}"}
            for slot in range(1, service.slots + 1)
        ],
        "transport": {
            "protocol": "http",
            "dial_timeout": "2s",
            # Shorter than any server here keeps an idle connection: it must not be the one to
            # close it while a request is on its way.
            "keep_alive": {"idle_timeout": "10s", "max_idle_conns_per_host": 256},
        },
        "load_balancing": {
            "selection_policy": {"policy": "least_conn"},
            "try_duration": f"{balancer.try_seconds:g}s",
            "try_interval": "50ms",
        },
        "health_checks": {
            "active": {
                "uri": READY_PATH,
                "interval": f"{balancer.check_ms}ms",
                "timeout": f"{balancer.check_timeout_ms}ms",
                "expect_status": 200,
                # Caddy calls every Unix socket "localhost" in its checks, so a connection that is
                # kept may carry the check of another replica: each is closed when it is answered.
                "headers": {
                    "Host": ["localhost"],
                    "X-Nuages": [BALANCER],
                    "Connection": ["close"],
                },
            },
            "passive": {"max_fails": balancer.max_fails, "fail_duration": "1s"},
        },
        "headers": {"request": {"set": {"X-Real-Ip": ["{http.request.remote.host}"]}}},
        "flush_interval": -1,  # streams are passed on as they come
    }


def _logs() -> dict[str, Any]:
    """Warnings, and what it answered with an error of its own: told at DEBUG when it has a page."""
    to_us = {"writer": {"output": "stderr"}}
    return {
        "default": {"level": "WARN", **to_us},
        "errors": {"level": "DEBUG", "include": ["http.log.error"], **to_us},
    }


def _unavailable() -> dict[str, Any]:
    return {
        "handler": "static_response",
        "status_code": "{http.error.status_code}",
        "headers": {"Retry-After": ["1"], "Content-Type": ["text/plain; charset=utf-8"]},
        "body": "{http.error.status_code} {http.error.status_text}\n",
    }


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a socket's file."""

    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def ask(path: Path, target: str, timeout: float = 2.0) -> bytes:
    """The body of a 200 over a socket's file; empty for anything else."""
    connection = _UnixConnection(path, timeout)
    try:
        connection.request("GET", target)
        answer = connection.getresponse()
        body = answer.read()
        return body if answer.status == 200 else b""
    except (OSError, http.client.HTTPException):
        return b""
    finally:
        connection.close()
