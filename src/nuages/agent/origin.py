"""The project's own expression behind what this thread is doing now."""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Callable, Mapping
from types import CodeType, ModuleType
from typing import Any

from nuages.agent.imports import when_imported
from nuages.record.ownership import Ownership

Site = tuple[CodeType, int]  # a code object and the offset of an instruction in it
FRAMES_MOST = 400
_COMPREHENSION = re.compile(r"(\.<locals>)?\.<(listcomp|setcomp|dictcomp|genexpr)>")


class Origins:
    """Finds the innermost frame of the project, also of the thread or pool job's giver."""

    def __init__(self, roots: Mapping[str, str]) -> None:
        self._ownership = Ownership(roots)
        self._places: dict[str, tuple[str, str] | None] = {}
        self._given = threading.local()  # .site: who submitted the job that this thread runs
        self._undo: list[Callable[[], None]] = []

    def here(self) -> Site | None:
        """Of the calling thread; None when none of its frames is the project's."""
        frame = sys._getframe(1)
        for _ in range(FRAMES_MOST):
            if self._place(frame.f_code.co_filename):
                return frame.f_code, frame.f_lasti
            if frame.f_back is None:
                break
            frame = frame.f_back
        given: Site | None = getattr(self._given, "site", None)
        return given or getattr(_current_thread(), "_nuages_started_at", None)

    def follow_threads(self) -> None:
        """Remember who starts a thread, and who submits a job to a pool of them.

        The frames of such a thread may all be a library's; asyncio resolves names in one. Audit
        events tell of new threads from Python 3.12 on only.
        """
        self._patch_threads()
        self._undo.append(when_imported("concurrent.futures.thread", self._patch_pool))

    def undo(self) -> None:
        while self._undo:
            self._undo.pop()()

    def location(self, site: Site) -> dict[str, Any]:
        """The values of a `model.Location`; columns in characters."""
        code, offset = site
        root, file = self._place(code.co_filename) or (".", code.co_filename)
        line, end_line, column, end_column = list(code.co_positions())[offset // 2]
        return {
            "root": root,
            "file": file,
            "line": line or code.co_firstlineno,
            "column": _characters(code.co_filename, line, column),
            "end_line": end_line,
            "end_column": _characters(code.co_filename, end_line, end_column),
            "function": _COMPREHENSION.sub("", code.co_qualname),
        }

    def _place(self, filename: str) -> tuple[str, str] | None:
        if filename not in self._places:
            self._places[filename] = self._ownership.place(filename)
        return self._places[filename]

    def _patch_threads(self) -> None:
        cls: Any = threading.Thread
        original = cls.start

        def start(thread: Any) -> None:
            thread._nuages_started_at = self.here()
            original(thread)

        cls.start = start
        self._undo.append(lambda: setattr(cls, "start", original))

    def _patch_pool(self, module: ModuleType) -> None:
        executor: Any = module.ThreadPoolExecutor
        original = executor.submit
        given = self._given

        def submit(self_: Any, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
            site = self.here()
            if site is None:
                return original(self_, function, *args, **kwargs)

            def carried(*args: Any, **kwargs: Any) -> Any:
                given.site = site
                try:
                    return function(*args, **kwargs)
                finally:
                    given.site = None

            return original(self_, carried, *args, **kwargs)

        executor.submit = submit
        self._undo.append(lambda: setattr(executor, "submit", original))


def _current_thread() -> threading.Thread | None:
    """As threading.current_thread, which would register a thread that is not Python's."""
    active: dict[int, threading.Thread] = getattr(threading, "_active", {})
    return active.get(threading.get_ident())


def _characters(filename: str, line: int | None, column: int | None) -> int | None:
    """Positions of code objects count UTF-8 bytes."""
    if line is None or column is None:
        return None
    try:
        with open(filename, "rb") as file:
            for number, text in enumerate(file, 1):
                if number == line:
                    return len(text[:column].decode(errors="ignore"))
    except OSError:
        return None
    return column
