"""Faults put into every function of the recorder that a visit reaches, one at a time.

A function that guards its own work (`try: … except …: faults.note()`) fails inside of that guard;
every other fails at once. Functions that the project's own code or anybody's coroutine runs
beneath, and what stands in the place of somebody else's function, have no fault of their own but in
their guards: what they call has. Nor has a function that only stores or returns what it is given.
"""

import ast
import builtins
import gc
import inspect
import os
import sys
import threading
import types
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import nuages.record

RECORDER = os.path.dirname(nuages.record.__file__) + os.sep
PROJECT = os.getcwd() + os.sep
PARTS = ("<listcomp>", "<dictcomp>", "<setcomp>", "<genexpr>", "<module>")
HARMLESS = (ast.Name, ast.Constant, ast.Lambda, ast.Pass, ast.List)
SOURCES = {str(path): path.read_text("utf-8") for path in Path(RECORDER).glob("*.py")}
ASYNCHRONOUS = inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR
ERRORS = (RuntimeError, MemoryError, RecursionError, KeyError, AttributeError, TypeError)


def key_of(code):
    return code.co_filename, code.co_qualname, code.co_firstlineno


class Reach:
    """Which of the recorder's functions run during which visits, seen by a profiler."""

    def __init__(self):
        self.visit = None
        self.by_function = {}
        self.carriers = set()

    @contextmanager
    def during(self, visit):
        self.visit = visit
        threading.setprofile(self._see)
        sys.setprofile(self._see)
        try:
            yield
        finally:
            sys.setprofile(None)
            threading.setprofile(None)

    def _see(self, frame, event, _):
        if event != "call":
            return
        code = frame.f_code
        if code.co_filename.startswith(RECORDER):
            if threading.current_thread().name != "nuages-snapshots":
                self.by_function.setdefault(key_of(code), {})[self.visit] = True
        elif code.co_filename.startswith(PROJECT) or code.co_flags & ASYNCHRONOUS:
            while (frame := frame.f_back) is not None:
                if frame.f_code.co_filename.startswith(RECORDER):
                    self.carriers.add(key_of(frame.f_code))


@dataclass(frozen=True)
class Fault:
    """Where to fail: a function, and which of its guards, None for its first line."""

    filename: str
    qualname: str
    line: int
    guard: int | None

    def __str__(self):
        place = "" if self.guard is None else f" in guard {self.guard}"
        module = os.path.basename(self.filename).removesuffix(".py")
        return f"{module}.{self.qualname}{place}"


class Faultlines:
    """The places for faults, and the means of putting one in."""

    def __init__(self, reach, patches):
        self.reach = reach
        self.raised = 0
        self._error = RuntimeError
        builtins.__nuages_fault__ = self._raise
        gc.collect()
        self._functions = [
            found
            for found in gc.get_objects()
            if type(found) is types.FunctionType and found.__code__.co_filename.startswith(RECORDER)
        ]
        self._replacements = {
            key_of(value.__code__)
            for owner, name, *_ in patches
            if isinstance(value := vars(owner).get(name), types.FunctionType)
        }

    def _raise(self):
        self.raised += 1
        raise self._error("put in")

    def all(self):
        """Every fault with the visits that come across it."""
        for key, visits in sorted(self.reach.by_function.items()):
            filename, qualname, _ = key
            name = qualname.rpartition(".")[2]
            if name in PARTS or filename.endswith(os.sep + "faults.py"):
                continue
            node = _find(_parsed(filename), key)
            guards = len(_guards(node))
            is_wrapper = key in self.reach.carriers | self._replacements or _is_context(node)
            if guards:
                for number in range(guards):
                    yield Fault(*key, number), list(visits)
            elif not is_wrapper and not _cannot_fail(node):
                yield Fault(*key, None), list(visits)

    @contextmanager
    def broken(self, fault, error):
        """Fail there as long as the block runs."""
        self.raised, self._error = 0, error
        codes = _compiled(fault)
        target = (fault.filename, fault.qualname, fault.line)
        changed = []
        try:
            for function in self._functions:
                old = function.__code__
                if old.co_filename == fault.filename and target in map(key_of, _nested(old)):
                    changed.append((function, old))
                    function.__code__ = codes[key_of(old)]
            yield
        finally:
            for function, old in changed:
                function.__code__ = old


def _parsed(filename):
    return ast.parse(SOURCES[filename], filename)


def _find(tree, key):
    _, qualname, line = key
    name = qualname.rpartition(".")[2]
    for node in ast.walk(tree):
        if isinstance(node, ast.Lambda) and name == "<lambda>" and node.lineno == line:
            return node
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name:
            if min([node.lineno, *(d.lineno for d in node.decorator_list)]) == line:
                return node
    raise LookupError(key)


def _guards(node):
    """The `try` statements of a function itself that note faults."""
    if isinstance(node, ast.Lambda):
        return []
    found, waiting = [], list(node.body)
    while waiting:
        statement = waiting.pop(0)
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        if isinstance(statement, ast.Try):
            handled = "".join(ast.unparse(h) for h in statement.handlers if _is_wide(h))
            if "faults.note()" in handled:
                found.append(statement)
        waiting += [n for n in ast.iter_child_nodes(statement) if not isinstance(n, ast.expr)]
    return found


def _cannot_fail(node):
    if isinstance(node, ast.Lambda):
        call = node.body  # of what has faults of its own
        return isinstance(call, ast.Call) and all(isinstance(a, ast.Name) for a in call.args)
    values = [getattr(statement, "value", statement) for statement in node.body]
    return all(isinstance(v, HARMLESS) for v in values)


def _is_context(node):
    """Whether the function surrounds what runs in a `with`."""
    return any("contextmanager" in ast.unparse(d) for d in getattr(node, "decorator_list", ()))


def _is_wide(handler):
    return handler.type is not None and ast.unparse(handler.type) == "Exception"


@lru_cache(maxsize=1)
def _compiled(fault):
    """The codes of a module with the fault in it."""
    tree = _parsed(fault.filename)
    node = _find(tree, (fault.filename, fault.qualname, fault.line))
    call = ast.parse("__nuages_fault__()").body[0]
    if isinstance(node, ast.Lambda):
        node.body = ast.copy_location(call.value, node.body)
    else:
        block = node if fault.guard is None else _guards(node)[fault.guard]
        block.body.insert(0, ast.copy_location(call, block.body[0]))
    module = compile(ast.fix_missing_locations(tree), fault.filename, "exec", dont_inherit=True)
    return {key_of(code): code for code in _nested(module)}


def _nested(code):
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _nested(constant)
