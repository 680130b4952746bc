"""Sockets that the supervisor holds: who connects while a server restarts waits for it."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from pathlib import Path

from nuages.stack.home import StackError

BACKLOG = 1024
# A server takes the socket from systemd's variables (sd_listen_fds(3)): descriptor 3, and its own
# number; the shell's is the server's after exec.
AS_SYSTEMD = ("/bin/sh", "-c", 'LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" "$@" 3<&0 0</dev/null')


def tcp(host: str, port: int) -> socket.socket:
    """Listen on an address; StackError when somebody does already."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        raise StackError(
            f"the balancer cannot listen on {host}:{port}:"
            f" {(error.strerror or str(error)).lower()}",
            hint=f"nuages up --port {port + 1}",
        ) from None
    return listening


def unix(path: Path) -> socket.socket:
    """Listen on a socket's file that others may connect to: the folder around it is the lock."""
    with suppress(FileNotFoundError):
        path.unlink()
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listening.bind(str(path))
    os.chmod(path, 0o777)
    listening.listen(BACKLOG)
    return listening
