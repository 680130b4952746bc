"""Progress for anything longer than a second: lines on stderr, never on stdout."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console


class Progress:
    """Names the stage that is running and remembers how long each took."""

    def __init__(self, *, quiet: bool = False) -> None:
        self.seconds: dict[str, float] = {}
        self._console = Console(stderr=True, quiet=quiet, highlight=False)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Show `name` while the block runs; add its seconds to `seconds[name]`."""
        started = time.monotonic()
        try:
            with self._console.status(f"{name} …"):
                yield
        finally:
            took = time.monotonic() - started
            self.seconds[name] = self.seconds.get(name, 0.0) + took
        self._console.print(f"[green]✓[/] {name} [dim]{took:.1f} s[/]")

    def say(self, text: str) -> None:
        """Print one line that the user should not miss."""
        self._console.print(f"[yellow]![/] {text}", markup=True)
