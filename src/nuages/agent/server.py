"""The agent's loop: one JSON line in, one JSON line out, everything the project does in between."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TextIO

from nuages import __version__
from nuages.agent import failures

Call = Callable[..., Any]


class Server:
    """Answers calls until `quit` or the end of input; a failing call never ends the loop."""

    def __init__(self, calls: TextIO, replies: TextIO) -> None:
        self._in = calls
        self._out = replies
        self._calls: dict[str, Call] | None = None

    def serve(self) -> None:
        hello = {"version": __version__, "python": sys.version.split()[0], "pid": os.getpid()}
        self._write({"hello": hello})
        for line in self._in:
            if not line.strip():
                continue
            call = json.loads(line)
            if call.get("call") == "quit":
                self._write({"id": call.get("id"), "ok": True})
                return
            self._write(self._answer(call))

    def _answer(self, call: dict[str, Any]) -> dict[str, Any]:
        number, name = call.pop("id", None), call.pop("call", "")
        try:
            function = self._known().get(name)
            if function is None:
                raise LookupError(f"the agent has no call {name!r}")
            return {"id": number, "ok": function(**call)}
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # SystemExit too: settings modules do exit
            return {"id": number, "error": failures.describe(error, doing=name)}

    def _known(self) -> dict[str, Call]:
        """The calls by name, imported late: Django must not load before the overlay can hook it."""
        if self._calls is None:
            from nuages.agent.calls import by_name

            self._calls = by_name(self.progress)
        return self._calls

    def progress(self, text: str) -> None:
        self._write({"event": "progress", "text": text})

    def _write(self, message: dict[str, Any]) -> None:
        with suppress(BrokenPipeError):
            self._out.write(json.dumps(message, separators=(",", ":"), default=str) + "\n")
            self._out.flush()
