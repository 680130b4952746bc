"""Which functions of the project run on behalf of requests and tasks, as far as its text tells."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from nuages.code import Code, Module
from nuages.model import Location
from nuages.origins import in_migrations, in_tests

Function = ast.FunctionDef | ast.AsyncFunctionDef

# Bases and names of classes whose methods Django, REST framework or Channels call per request.
SERVING_CLASS = re.compile(
    r"(View|ViewSet|APIView|Middleware|Consumer|ModelAdmin|Throttle|Endpoint)$"
)
SERVING_DECORATOR = re.compile(
    r"(^|\.)(shared_task|task|periodic_task|db_task|actor|job|api_view|login_required|"
    r"require_\w+|csrf_exempt|cache_page|permission_required|receiver)$"
)
# Verbs of the decorators of ninja and of other routers: @router.get("/posts")
ROUTER_VERB = re.compile(
    r"(^|\.)(api|router|\w+_router)\.(get|post|put|patch|delete|api_operation)$"
)
BLOCKS = ("body", "orelse", "handlers", "finalbody", "cases")  # of statements, in statements
NOT_SERVING = re.compile(
    r"(^|/)(settings|management|scripts|fixtures|docs)(/|\.py$)|(^|/)(setup|conf)\.py$"
)


def is_product(module: Module) -> bool:
    """Whether its code may run while a site serves: no tests, migrations, settings, commands."""
    place = Location(file=module.file, line=1, root=module.root)
    return not (in_tests(place) or in_migrations(place) or NOT_SERVING.search(module.file))


def functions(module: Module) -> dict[str, Function]:
    """Every function of a module by its qualified name, those inside of others included."""
    return dict(_named(module.tree, ""))


def _named(node: ast.AST, prefix: str) -> Iterator[tuple[str, Function]]:
    """Only statements are looked through: a tenth of a module's nodes."""
    for name in BLOCKS:
        for child in getattr(node, name, ()):
            if isinstance(child, ast.ClassDef | Function):
                qualified = f"{prefix}{child.name}"
                if isinstance(child, Function):
                    yield qualified, child
                yield from _named(child, f"{qualified}.")
            elif isinstance(child, ast.stmt | ast.ExceptHandler | ast.match_case):
                yield from _named(child, prefix)


class Reach:
    """What requests and tasks reach in the modules of a project, each read once."""

    def __init__(self, code: Code) -> None:
        self._code = code
        self._served: dict[Module, frozenset[str]] = {}

    def served(self, module: Module) -> frozenset[str]:
        """Functions of a module that requests or tasks enter by, and those they call there."""
        if module not in self._served:
            found = _served(module) if is_product(module) else frozenset()
            self._served[module] = found
        return self._served[module]

    def is_served(self, module: Module, function: str) -> bool:
        """Whether requests or tasks reach a function: in its module, or by an import of it."""
        if function in self.served(module):
            return True
        if "." in function or not is_product(module):
            return False
        stem = module.file.removesuffix("/__init__.py").removesuffix(".py").rpartition("/")[2]
        return any(
            self._calls(other, stem, function)
            for other in self._code.modules
            if other is not module and f"{function}(" in other.text and stem in other.text
        )

    def _calls(self, other: Module, stem: str, function: str) -> bool:
        """Whether what is served of another module calls what it imports."""
        if not is_product(other) or not _imports(other, stem, function):
            return False
        known = functions(other)
        return any(
            dotted(call).rpartition(".")[2] == function
            for name in self.served(other)
            for call in calls(known[name])
        )


def _served(module: Module) -> frozenset[str]:
    known = functions(module)
    entered = {name for name, node in known.items() if _is_entry(node)} | set(_methods(module))
    waiting = list(entered)
    while waiting:
        for name in _called(waiting.pop(), known):
            if name not in entered:
                entered.add(name)
                waiting.append(name)
    return frozenset(entered)


def _is_entry(node: Function) -> bool:
    arguments = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)]
    names = [name for name in arguments[:2] if name not in ("self", "cls")]
    if names[:1] == ["request"]:
        return True
    return any(_serves(dotted(decorator)) for decorator in node.decorator_list)


def _serves(decorator: str) -> bool:
    return bool(SERVING_DECORATOR.search(decorator) or ROUTER_VERB.search(decorator))


def _methods(module: Module) -> Iterator[str]:
    """Methods of the classes at the top of a module that serve by their bases."""
    for node in module.tree.body:
        if isinstance(node, ast.ClassDef) and any(
            SERVING_CLASS.search(dotted(base)) for base in node.bases
        ):
            yield from (
                f"{node.name}.{child.name}"
                for child in node.body
                if isinstance(child, Function) and child.name != "__init__"
            )


def _called(name: str, known: dict[str, Function]) -> Iterator[str]:
    """Functions of the same module that one calls: by name, or by self and cls."""
    owner = name.rpartition(".")[0]
    for call in calls(known[name]):
        if isinstance(call, ast.Name) and call.id in known:
            yield call.id
        elif isinstance(call, ast.Attribute) and isinstance(call.value, ast.Name):
            own = f"{owner}.{call.attr}" if call.value.id in ("self", "cls") else ""
            whole = f"{call.value.id}.{call.attr}"
            yield from (found for found in (own, whole) if found in known)


def calls(node: ast.AST) -> Iterator[ast.expr]:
    """What is called in it, as it is written."""
    return (inner.func for inner in ast.walk(node) if isinstance(inner, ast.Call))


def _imports(other: Module, stem: str, function: str) -> bool:
    for node in ast.walk(other.tree):
        if isinstance(node, ast.ImportFrom):
            names = {alias.name for alias in node.names}
            last = (node.module or "").rpartition(".")[2]
            if (last == stem and function in names) or stem in names:
                return True
        elif isinstance(node, ast.Import) and stem in {
            alias.name.rpartition(".")[2] for alias in node.names
        }:
            return True
    return False


def dotted(node: ast.expr) -> str:
    """ "functools.lru_cache" of a chain of names, of a call of one likewise; "" of others."""
    if isinstance(node, ast.Call):
        return dotted(node.func)
    if isinstance(node, ast.Attribute):
        owner = dotted(node.value)
        return f"{owner}.{node.attr}" if owner else node.attr
    return node.id if isinstance(node, ast.Name) else ""
