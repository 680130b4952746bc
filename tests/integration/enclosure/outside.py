"""The world that must not notice anything: listeners that count, files that stay as they are."""

from __future__ import annotations

import os
import selectors
import socket
import threading
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any

VICTIMS = (
    "overwritten", "appended", "linked", "removed", "renamed", "changed_mode", "truncated",
    "hard_linked", "by_shell",
)  # fmt: skip


class Outside:
    """Context manager of the listeners; `reached` counts connections and datagrams by name."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stack = ExitStack()
        self._selector = selectors.DefaultSelector()
        self.reached: Counter[str] = Counter()
        self.told: dict[str, Any] = {}

    def __enter__(self) -> Outside:
        victims = self._folder / "victims"
        for path in (victims, victims / "home", victims / "tree"):
            path.mkdir()
            path.chmod(0o777)
        for name in (*VICTIMS, "tree/leaf", "home/.bashrc"):
            (victims / name).write_text("precious")
            (victims / name).chmod(0o666)
        sockets = self._folder / "run"
        sockets.mkdir()
        sockets.chmod(0o777)
        self.told = {
            "tcp": self._listen("tcp", socket.AF_INET, ("127.0.0.1", 0))[1],
            "tcp6": self._listen("tcp6", socket.AF_INET6, ("::1", 0))[1],
            "udp": self._listen("udp", socket.AF_INET, ("127.0.0.1", 0), socket.SOCK_DGRAM)[1],
            "stream": self._listen("stream", socket.AF_UNIX, str(sockets / ".s.PGSQL.5432")),
            "datagram": self._listen(
                "datagram", socket.AF_UNIX, str(sockets / "log"), socket.SOCK_DGRAM
            ),
            "victims": str(victims),
        }
        self.before = self.files()
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def files(self) -> dict[str, tuple[int, str]]:
        """Mode and text of every file that is at stake."""
        found = {}
        for path in sorted((self._folder / "victims").rglob("*")):
            text = path.read_text() if path.is_file() else ""
            found[str(path.relative_to(self._folder))] = (path.stat().st_mode, text)
        return found

    def _listen(self, name: str, family: int, address: Any, kind: int = socket.SOCK_STREAM) -> Any:
        listener = self._stack.enter_context(socket.socket(family, kind))
        listener.bind(address)
        if family == socket.AF_UNIX:
            os.chmod(address, 0o777)
        if kind == socket.SOCK_STREAM:
            listener.listen()
        listener.setblocking(False)
        self._selector.register(listener, selectors.EVENT_READ, name)
        return listener.getsockname()

    def _serve(self) -> None:
        while self._selector.get_map():
            for key, _ in self._selector.select(0.1):
                listener: Any = key.fileobj
                try:
                    if listener.type == socket.SOCK_STREAM:
                        listener.accept()[0].close()
                    else:
                        listener.recv(1024)
                    self.reached[key.data] += 1
                except BlockingIOError:
                    continue
                except OSError:
                    return
