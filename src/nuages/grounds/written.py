"""The calls written in the project's code: what is called, and from within what."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from weakref import WeakKeyDictionary

from nuages.code import Module, statements
from nuages.model import Location

# What most nodes are, and no call is in.
LEAVES = (
    ast.expr_context, ast.Name, ast.Constant, ast.operator, ast.cmpop, ast.boolop, ast.unaryop,
    ast.alias,
)  # fmt: skip
Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
ATOMIC = "django.db.transaction.atomic"
METHOD_DECORATOR = "django.utils.decorators.method_decorator"
HTTP_METHODS = frozenset({"get", "post", "put", "patch", "delete", "head", "dispatch"})


@dataclass(frozen=True, kw_only=True)
class WrittenCall:
    """One call in the text of a module."""

    module: Module
    node: ast.Call
    name: str  # dotted, imports resolved: "requests.get"; "" for what is called by no plain name
    function: Function | None  # the innermost around it
    owner: ast.ClassDef | None  # the class whose method that is
    blocks: tuple[ast.expr, ...]  # what the `with` statements around it enter, in that function
    decorators: tuple[str, ...]  # of that function
    is_in_handler: bool  # of an exception, in that function

    @property
    def location(self) -> Location:
        return self.module.location(self.node)

    def argument(self, name: str, position: int | None = None) -> ast.expr | None:
        """What is given for a parameter, by name or position."""
        for keyword in self.node.keywords:
            if keyword.arg == name:
                return keyword.value
        plain = self.node.args
        return plain[position] if position is not None and position < len(plain) else None

    @property
    def passes_unknown(self) -> bool:
        """Whether `*args` or `**kwargs` may hold what is not seen."""
        starred = any(isinstance(each, ast.Starred) for each in self.node.args)
        return starred or any(keyword.arg is None for keyword in self.node.keywords)

    @property
    def is_atomic(self) -> bool:
        """Whether a transaction is open around it, as far as its own function tells."""
        names = names_of(self.module)
        return ATOMIC in self.decorators or any(
            names.dotted(block.func if isinstance(block, ast.Call) else block) == ATOMIC
            for block in self.blocks
        )

    @property
    def answers_request(self) -> bool:
        """Whether its function is one that is given a request to answer."""
        function = self.function
        if function is None or isinstance(function, ast.Lambda) or is_task(self.decorators):
            return False
        arguments = [each.arg for each in function.args.posonlyargs + function.args.args]
        if arguments[:1] == ["request"]:
            return True
        is_method = self.owner is not None and arguments[:2] == ["self", "request"]
        return is_method and function.name in HTTP_METHODS


def is_task(decorators: tuple[str, ...]) -> bool:
    """Whether a function is one of a queue's: `shared_task`, `app.task`, `job`, `db_task`."""
    return any(name.rpartition(".")[2].endswith(("task", "job", "actor")) for name in decorators)


class Names:
    """What the names of a module stand for, by its imports, wherever in it these are."""

    def __init__(self, module: Module) -> None:
        self._imported = dict(_imports(module.tree))

    def dotted(self, node: ast.AST) -> str:
        """`r.get` → "requests.get"; "" for what is no name with attributes."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return ""
        return ".".join([self._imported.get(node.id, node.id), *reversed(parts)])


_names: WeakKeyDictionary[Module, Names] = WeakKeyDictionary()


def names_of(module: Module) -> Names:
    """The names of a module, read once."""
    found = _names.get(module)
    if found is None:
        found = _names[module] = Names(module)
    return found


@lru_cache(maxsize=1_000)  # several rules read the same few modules
def calls_in(module: Module) -> tuple[WrittenCall, ...]:
    """Every call of a module, outer ones first."""
    reader = _Reader(module)
    reader.read(module.tree, _Around())
    return tuple(reader.found)


def _imports(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in statements(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                yield alias.asname or top, alias.name if alias.asname else top
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"


@dataclass(frozen=True)
class _Around:
    """What surrounds the node that is being read."""

    function: Function | None = None
    owner: ast.ClassDef | None = None
    blocks: tuple[ast.expr, ...] = ()
    decorators: tuple[str, ...] = ()
    is_in_handler: bool = False


def _children(node: ast.AST) -> Iterator[ast.AST]:
    """Those that may hold calls; half the price of ast.iter_child_nodes()."""
    for name in node._fields:
        value = getattr(node, name, None)
        for child in value if isinstance(value, list) else (value,):
            if isinstance(child, ast.AST) and not isinstance(child, LEAVES):
                yield child


class _Reader:
    def __init__(self, module: Module) -> None:
        self.found: list[WrittenCall] = []
        self._module = module
        self._names = names_of(module)

    def read(self, node: ast.AST, around: _Around) -> None:
        for child in _children(node):
            if isinstance(child, ast.Call):
                self.found.append(self._call(child, around))
            if isinstance(child, ast.With | ast.AsyncWith):
                self._read_block(child, around)
            else:
                self.read(child, self._inside(child, node, around))

    def _inside(self, child: ast.AST, parent: ast.AST, around: _Around) -> _Around:
        if isinstance(child, ast.ClassDef):
            return _Around(owner=child)
        if isinstance(child, ast.Lambda):
            return _Around(function=child)
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            owner = parent if isinstance(parent, ast.ClassDef) else None
            return _Around(child, owner, decorators=tuple(self._decorators(child)))
        if isinstance(child, ast.ExceptHandler):
            return _Around(
                around.function, around.owner, around.blocks, around.decorators, is_in_handler=True
            )
        return around

    def _read_block(self, block: ast.With | ast.AsyncWith, around: _Around) -> None:
        """The items of a `with` are outside of it, its body inside."""
        entered = tuple(item.context_expr for item in block.items)
        for item in block.items:
            self.read(ast.Expr(value=item.context_expr), around)
        inside = _Around(
            around.function,
            around.owner,
            (*around.blocks, *entered),
            around.decorators,
            around.is_in_handler,
        )
        self.read(ast.Module(body=block.body, type_ignores=[]), inside)

    def _decorators(self, function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
        for node in function.decorator_list:
            called = node.func if isinstance(node, ast.Call) else node
            name = self._names.dotted(called)
            if name == METHOD_DECORATOR and isinstance(node, ast.Call) and node.args:
                name = self._names.dotted(node.args[0])
            yield name

    def _call(self, node: ast.Call, around: _Around) -> WrittenCall:
        return WrittenCall(
            module=self._module,
            node=node,
            name=self._names.dotted(node.func),
            function=around.function,
            owner=around.owner,
            blocks=around.blocks,
            decorators=around.decorators,
            is_in_handler=around.is_in_handler,
        )
