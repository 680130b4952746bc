"""What requests change in the project's modules: globals, and containers that live as long.

A picture holds identities and lengths, never values, and asks only exact types of Python itself:
none of the project's code runs.
"""

from __future__ import annotations

import functools
import linecache
import re
import sys
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Iterator, Mapping
from types import BuiltinFunctionType, FunctionType, MappingProxyType, ModuleType
from typing import Any, NamedTuple
from weakref import WeakSet

from nuages.record import faults, landmarks
from nuages.record.clocks import perf_counter_ns
from nuages.record.execution import Execution
from nuages.record.patches import Patches

MAPPINGS = frozenset({dict, defaultdict, OrderedDict, Counter})
CONTAINERS = MAPPINGS | {list, set, deque, bytearray}
SMALL = 64  # items up to which a container is looked into
CODE = frozenset({ModuleType, FunctionType, BuiltinFunctionType})
CACHED_FUNCTION = type(functools.lru_cache(lambda: None))
HOLDING = CONTAINERS | {CACHED_FUNCTION}
NOTHING: Mapping[str, Any] = MappingProxyType({})

FIRST = 8  # requests of each route that are looked at
EVERY = 16  # and later every so many
ROUTES = 2_000  # whose requests are counted
PATIENCE = 32  # requests of routes well known after which only every so many are looked at

Look = tuple[int, int, int, Any]  # identity, length, length of what is inside, identities inside


class Holder(NamedTuple):
    """A place that holds a container: a module's, a class's or an object's attribute."""

    label: str
    namespace: Mapping[str, Any]
    name: str


class Globals:
    """One module of the project, as it was seen last."""

    def __init__(self, name: str, namespace: dict[str, Any]) -> None:
        self.name = name
        self.namespace = namespace
        self.identities: tuple[int, ...] = ()
        self.holders: list[Holder] = []

    def look(self) -> tuple[int, ...]:
        """The identities of all globals; what holds containers is sought when they differ."""
        identities = tuple(map(id, list(self.namespace.values())))
        if identities != self.identities:
            self.identities = identities
            self.holders = list(_holders(self.name, self.namespace))
        return identities


class Picture:
    """All modules of the project at one time."""

    def __init__(self, modules: list[Globals]) -> None:
        self.globals = {g.name: (list(g.namespace), g.look()) for g in modules}
        self.looks = {holder.label: _look(holder) for g in modules for holder in g.holders}


class _Watched:
    """What this process has looked at so far."""

    def __init__(self) -> None:
        self.running: WeakSet[Execution] = WeakSet()
        self.subject: Execution | None = None  # runs alone since its picture was taken
        self.picture: Picture | None = None
        self.modules: dict[str, Globals | None] = {}  # None: not the project's
        self.known = 0  # modules in sys.modules when they were last looked through
        self.looked_at: dict[str, int] = {}  # by route
        self.requests = 0
        self.idle = 0  # requests looked at in vain, since the last of a route that is new


is_on = False
_watched = _Watched()


def hook(_: ModuleType, patches: Patches) -> None:
    """Look at requests until the patches are undone."""
    patches.replace(sys.modules[__name__], "is_on", True)


def clear() -> None:
    """Forget everything, also after a fork."""
    global _watched
    _watched = _Watched()


def began(execution: Execution) -> None:
    """Take a picture before a request that runs alone."""
    if not is_on or execution.kind != "request":
        return
    try:
        seen = _watched
        is_alone = not seen.running
        seen.running.add(execution)
        seen.subject = seen.picture = None
        seen.requests += 1
        if is_alone and (seen.idle < PATIENCE or not seen.requests % EVERY):
            seen.subject, seen.picture = execution, Picture(_modules())
    except Exception:
        faults.note()


def ended(execution: Execution) -> None:
    """Count what is different after a request that ran alone."""
    if not is_on or execution.kind != "request":
        return
    try:
        seen = _watched
        seen.running.discard(execution)
        before, seen.picture = seen.picture, None
        if before is not None and seen.subject is execution and _is_due(execution.name):
            for label, operation in _differences(before, Picture(_modules())):
                key = ("module-state", label, operation, 0)
                execution.call(key, perf_counter_ns(), 0)
        seen.subject = None
    except Exception:
        faults.note()


def _is_due(route: str) -> bool:
    seen = _watched
    count = seen.looked_at.get(route, 0)
    if count < FIRST:
        seen.idle = 0
    else:
        seen.idle += 1
        if seen.requests % EVERY:
            return False
    if count or len(seen.looked_at) < ROUTES:
        seen.looked_at[route] = count + 1
    return True


def _modules() -> list[Globals]:
    seen = _watched
    if len(sys.modules) != seen.known:
        seen.known = len(sys.modules)
        for name, module in list(sys.modules.items()):
            if name not in seen.modules:
                seen.modules[name] = _globals_of(name, module)
    return [found for found in seen.modules.values() if found is not None]


def _globals_of(name: str, module: Any) -> Globals | None:
    if not issubclass(type(module), ModuleType):  # cffi's libraries only say that they are
        return None
    namespace = ModuleType.__getattribute__(module, "__dict__")
    filename = namespace.get("__file__")
    is_own = type(filename) is str and landmarks.is_project_file(filename)
    return Globals(name, namespace) if is_own else None


def _holders(module: str, namespace: dict[str, Any]) -> Iterator[Holder]:
    for name, value in list(namespace.items()):
        kind, label = type(value), f"{module}.{name}"
        if _is_special(name) or kind in CODE:
            continue
        if kind in CONTAINERS:
            yield Holder(label, namespace, name)
        elif kind is CACHED_FUNCTION:
            if vars(value).get("__module__") == module:
                yield Holder(label, namespace, name)
        else:
            yield from _inside(label, _attributes(value, module))


def _is_special(name: str) -> bool:
    return name[:1] == name[-1:] == "_"


def _attributes(value: Any, module: str) -> Mapping[str, Any]:
    """Of a class that the module defines, or of an object whose class the project defines."""
    own: Any
    if issubclass(type(value), type):
        own = type.__getattribute__(value, "__dict__")
        return own if own.get("__module__") == module else NOTHING
    made_by = type.__getattribute__(type(value), "__dict__").get("__module__")
    if made_by is None or _watched.modules.get(made_by) is None:
        return NOTHING
    try:
        own = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return NOTHING
    return own if type(own) is dict else NOTHING


def _inside(label: str, namespace: Mapping[str, Any]) -> Iterator[Holder]:
    for name, value in list(namespace.items()):
        if type(value) in HOLDING and not _is_special(name):
            yield Holder(f"{label}.{name}", namespace, name)


def _look(holder: Holder) -> Look | None:
    value: Any = holder.namespace.get(holder.name)
    kind: type = type(value)
    if kind is CACHED_FUNCTION:
        return id(value), value.cache_info().currsize, 0, "lru_cache "
    if kind not in CONTAINERS:
        return None
    length = len(value)
    if length > SMALL:
        return id(value), length, 0, None
    if kind is bytearray:
        return id(value), length, 0, hash(bytes(value))
    items = [*value, *dict.values(value)] if kind in MAPPINGS else [*value]
    inside = sum(len(item) for item in items if type(item) in CONTAINERS)
    return id(value), length, inside, tuple(map(id, items))


def _differences(before: Picture, after: Picture) -> Iterator[tuple[str, str]]:
    """What changed, and how."""
    for module, (names, identities) in after.globals.items():
        names_before, identities_before = before.globals.get(module, (names, identities))
        if identities != identities_before:
            known = dict(zip(names_before, identities_before, strict=False))
            yield from _rebound(module, known, dict(zip(names, identities, strict=False)))
    changed: dict[int, list[tuple[str, str]]] = {}
    for label, look in after.looks.items():
        past = before.looks.get(label)
        if past is not None and look is not None and past != look:
            changed.setdefault(look[0], []).append((label, _operation(past, look)))
    for labels in changed.values():  # a module that imports what another defines has a name for it
        defined = [found for found in labels if len(labels) > 1 and _is_defined(found[0])]
        yield from (defined or labels)[:1]


def _rebound(
    module: str, before: dict[str, int], after: dict[str, int]
) -> Iterator[tuple[str, str]]:
    found = _watched.modules[module]
    namespace = found.namespace if found else {}
    for name, identity in after.items():
        kind = type(namespace.get(name))
        if before.get(name) == identity or _is_special(name):
            continue
        if kind not in CODE and not issubclass(kind, type):
            yield f"{module}.{name}", "rebound"


def _operation(before: Look, after: Look) -> str:
    if before[0] != after[0]:
        return "rebound"
    growth = after[1] - before[1] or after[2] - before[2]
    operation = "grown" if growth > 0 else "shrunk" if growth < 0 else "changed"
    return f"{after[3]}{operation}" if isinstance(after[3], str) else operation


def _is_defined(label: str) -> bool:
    """Whether a module's text assigns, and does not import, the first name after the module's."""
    module = max((m for m in _watched.modules if label.startswith(f"{m}.")), key=len)
    found = _watched.modules[module]
    lines = linecache.getlines(found.namespace["__file__"]) if found else []
    name = re.escape(label[len(module) + 1 :].partition(".")[0])
    return any(re.match(rf"{name}\b[^=]*=|class {name}\b", line) for line in lines)
