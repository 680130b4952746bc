"""Module-level state that requests and tasks change, as the project's text shows it."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from nuages.code import Code, Module
from nuages.grounds.filling import filled_once, held_name, is_guarded, last_name, reads
from nuages.grounds.reach import Function, Reach, dotted, functions, is_product
from nuages.model import Location

Change = Literal["counts", "collects", "rebinds", "keeps rows", "caches rows"]

CONTAINERS = frozenset({
    "dict", "list", "set", "defaultdict", "OrderedDict", "Counter", "deque", "bytearray",
    "LRUCache", "TTLCache",
})  # fmt: skip
MUTATING = frozenset({
    "append", "appendleft", "extend", "insert", "add", "update", "remove", "discard", "pop",
    "popleft", "popitem", "clear", "subtract", "move_to_end",
})  # fmt: skip
# Rows of these never change while a site runs, or Django keeps them by itself.
STEADY_MODELS = frozenset({"ContentType", "Permission", "Site"})
CACHING = frozenset({"lru_cache", "cache"})
_GLOBAL = re.compile(r"^[ \t]+global \w", re.MULTILINE)
_CACHED = re.compile(r"^@(?:functools\.)?(?:lru_)?cache\b", re.MULTILINE)
_CONTAINER = re.compile(
    rf"^(\w+)\s*(?::[^=\n]+)?=\s*(?:[\[{{]|(?:\w+\.)?(?:{'|'.join(sorted(CONTAINERS))})\()",
    re.MULTILINE,
)
_CHANGING = (
    r"^[ \t]+(?:.*[^\w.])?(?:{names})\b"
    r"(?:\[.*\]\s*(?:\S{{0,2}}=[^=]|\.)|\.(?:setdefault|{methods})\(|\s*\S=)"
    r"|^[ \t]+del (?:{names})\["
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Global:
    """A name at the top of a module, and what is done to it while the site serves."""

    module: Module
    name: str
    change: Change
    defined: Location
    changed: Location  # the first place that does it
    function: str  # that place's

    @property
    def label(self) -> str:
        """Its place: a file and a name."""
        return f"{self.module.root}:{self.module.file}:{self.name}"


def changed_globals(code: Code) -> Iterator[Global]:
    """Each name once, by its weightiest change."""
    reach = Reach(code)
    for module in code.modules:
        if is_product(module) and _may_change(module.text):
            yield from _of_containers(reach, module)
            yield from _of_cached_functions(module)


def _may_change(text: str) -> bool:
    """Whether it is worth to parse: a hundred times cheaper than to parse them all."""
    if _GLOBAL.search(text) or (".objects" in text and _CACHED.search(text)):
        return True
    names = "|".join(dict.fromkeys(_CONTAINER.findall(text)))
    pattern = _CHANGING.format(names=names, methods="|".join(sorted(MUTATING)))
    return bool(names) and re.search(pattern, text, re.MULTILINE) is not None


def _of_containers(reach: Reach, module: Module) -> Iterator[Global]:
    names = dict(_top_level(module))
    containers = {name for name, value in names.items() if is_container(value.value)}
    found: dict[str, list[tuple[Change, ast.stmt | ast.expr, str]]] = defaultdict(list)
    for function, node in functions(module).items():
        if not _mentions(module, node, containers):
            continue
        own = _local_names(node)
        for name, change, place in _changes(node, containers - own):
            found[name].append((change, place, function))
    once = filled_once(module, found.keys())
    for name, changes in found.items():
        kept = [each for each in changes if name not in once or each[0] in ("counts", "keeps rows")]
        reached = [each for each in kept if reach.is_served(module, each[2])]
        if reached:
            change, place, function = min(reached, key=lambda each: ORDER.index(each[0]))
            yield Global(
                module=module,
                name=name,
                change=change,
                defined=module.location(names.get(name, place)),
                changed=module.location(place),
                function=function,
            )


def _mentions(module: Module, node: Function, names: set[str]) -> bool:
    """Whether its text has any of the names, or declares one."""
    lines = module.text.splitlines()[node.lineno - 1 : node.end_lineno]
    text = "\n".join(lines)
    return "global " in text or any(name in text for name in names)


ORDER: tuple[Change, ...] = ("counts", "collects", "rebinds", "keeps rows", "caches rows")
Assignment = ast.Assign | ast.AnnAssign


def _top_level(module: Module) -> Iterator[tuple[str, Assignment]]:
    for node in module.tree.body:
        targets: list[ast.expr] = []
        if isinstance(node, ast.Assign):
            targets = node.targets
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            targets = [node.target]
        for target in targets:
            if isinstance(target, ast.Name) and isinstance(node, Assignment):
                yield target.id, node


def is_container(value: ast.expr | None) -> bool:
    """Whether an expression makes a container that can be changed."""
    if isinstance(value, ast.Dict | ast.List | ast.Set | ast.DictComp | ast.ListComp | ast.SetComp):
        return True
    return isinstance(value, ast.Call) and dotted(value).rpartition(".")[2] in CONTAINERS


def _local_names(node: Function) -> set[str]:
    """Names that are a function's own: its arguments, and what it assigns and declares nowhere."""
    arguments = node.args
    own = {
        argument.arg
        for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
    }
    stored = {
        inner.id
        for inner in ast.walk(node)
        if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store)
    }
    return own | (stored - _declared(node))


def _declared(node: Function) -> set[str]:
    return {n for inner in ast.walk(node) if isinstance(inner, ast.Global) for n in inner.names}


def _changes(
    node: Function, containers: set[str]
) -> Iterator[tuple[str, Change, ast.stmt | ast.expr]]:
    """What a function does to containers at the top of the module, and to names it declares."""
    declared = _declared(node)
    rows = asks_rows(node)
    for inner in _own_nodes(node):
        if isinstance(inner, ast.AugAssign):
            name = held_name(inner.target)
            if name in containers | declared:
                yield name, "counts", inner
        elif isinstance(inner, ast.Assign):
            for target in inner.targets:
                yield from _assigned(node, inner, target, containers, declared, rows)
        elif isinstance(inner, ast.Delete):
            names = (held_name(t) for t in inner.targets if isinstance(t, ast.Subscript))
            yield from ((name, "collects", inner) for name in names if name in containers)
        elif isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute):
            name = _held(inner.func.value)
            if inner.func.attr in MUTATING and name in containers and not is_guarded(node, name):
                yield name, "collects", inner


def _assigned(
    node: Function,
    statement: ast.Assign,
    target: ast.expr,
    containers: set[str],
    declared: set[str],
    rows: bool,
) -> Iterator[tuple[str, Change, ast.stmt | ast.expr]]:
    if isinstance(target, ast.Name) and target.id in declared:
        if reads([statement.value], target.id):
            yield target.id, "counts", statement
        elif not any(is_guarded(node, name) for name in declared):
            yield target.id, "rebinds", statement
        elif rows:
            yield target.id, "keeps rows", statement
    elif isinstance(target, ast.Subscript) and (name := held_name(target)) in containers:
        if reads([statement.value], name):
            yield name, "counts", statement
        elif not is_guarded(node, name):
            yield name, "collects", statement
        elif rows:
            yield name, "keeps rows", statement


def _own_nodes(node: Function) -> Iterator[ast.AST]:
    """What stands in a function itself, and not in one inside of it."""
    waiting: list[ast.AST] = list(node.body)
    while waiting:
        inner = waiting.pop(0)
        yield inner
        if not isinstance(inner, Function | ast.ClassDef | ast.Lambda):
            waiting += ast.iter_child_nodes(inner)


def _held(value: ast.expr) -> str:
    """The name of what a method is called on: NAME, NAME[key], NAME.setdefault(key, …)."""
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute):
        return held_name(value.func.value) if value.func.attr == "setdefault" else ""
    return held_name(value)


def asks_rows(node: ast.AST) -> bool:
    """Whether it queries models whose rows change while the site runs."""
    for inner in ast.walk(node):
        if (
            isinstance(inner, ast.Attribute)
            and inner.attr in ("objects", "_default_manager")
            and dotted(inner.value).rpartition(".")[2] not in STEADY_MODELS
        ):
            return True
    return False


def _of_cached_functions(module: Module) -> Iterator[Global]:
    for node in module.tree.body:
        if isinstance(node, Function) and is_cached(node) and asks_rows(node):
            yield Global(
                module=module,
                name=node.name,
                change="caches rows",
                defined=module.location(node),
                changed=module.location(node),
                function=node.name,
            )


def is_cached(node: Function) -> bool:
    """Whether functools keeps a function's answers."""
    names = (dotted(decorator) for decorator in node.decorator_list)
    return any(
        name in CACHING or name in {f"functools.{each}" for each in CACHING} for name in names
    )


def fills_a_cache(module: Module, name: str) -> bool:
    """Whether all that the module does to a name is to fill in what is not there yet, without a
    look at rows; `name` may lead on to an attribute, "Registry.known".
    """
    last = name.rpartition(".")[2]
    found = False
    for node in functions(module).values():
        for inner in ast.walk(node):
            if last in _stored(inner):
                found = True
                if asks_rows(node) or not is_guarded(node, last):
                    return False
    return found


def _stored(node: ast.AST) -> set[str]:
    """Names and attributes that a node puts something into."""
    targets: list[ast.expr] = []
    if isinstance(node, ast.Assign):
        targets = [target for target in node.targets if isinstance(target, ast.Subscript)]
    elif isinstance(node, ast.AugAssign):
        targets = [node.target]
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        targets = [node.func.value] if node.func.attr in MUTATING else []
    return {last_name(target) for target in targets}


def defined_at(module: Module, name: str) -> Location | None:
    """Where the first part of a name is defined at the top of a module."""
    first = name.partition(".")[0]
    for node in module.tree.body:
        if isinstance(node, ast.ClassDef | Function) and node.name == first:
            return module.location(node)
    return next((module.location(node) for n, node in _top_level(module) if n == first), None)
