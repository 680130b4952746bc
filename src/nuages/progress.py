"""Progress for anything longer than a second: lines on stderr, never on stdout."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.status import Status


class Progress:
    """Names the stage that is running and remembers how long each took."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._console = Console(stderr=True, highlight=False)
        self._status: Status | None = None
        self._stage = ""

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Show `name` while the block runs; add its seconds to `seconds[name]`."""
        started = time.monotonic()
        self._stage = name
        with self._console.status(f"{name} …") as self._status:
            try:
                yield
            finally:
                took = time.monotonic() - started
                self.seconds[name] = self.seconds.get(name, 0.0) + took
        self._status = None
        self._console.print(f"[green]✓[/] {name} [dim]{took:.1f} s[/]")

    def detail(self, text: str) -> None:
        """Say beside the stage's name what it is at; only a terminal shows it."""
        if self._status is not None:
            self._status.update(f"{self._stage}: {escape(text)} …")

    def say(self, text: str) -> None:
        """Print one line that the user should not miss."""
        self._console.print(f"[yellow]![/] {escape(text)}", soft_wrap=True)
