"""Files that requests and tasks write below the project, as its text shows it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from nuages.code import Code, Module
from nuages.grounds.reach import Function, Reach, calls, dotted, functions, is_product
from nuages.model import Location

_WRITES = re.compile(
    r"\bopen\(.*['\"][rbt]*[wax+]|\bopen\([^)]*$|\bwrite_(text|bytes)\(|\bshutil\.", re.MULTILINE
)
WRITING_MODE = re.compile(r"^[rbt]*[wax+]")
# A folder of the project that a path begins with: settings.MEDIA_ROOT, BASE_DIR, EXPORT_DIR.
ROOT = re.compile(r"\b(settings\.\w*(ROOT|DIR|PATH|FOLDER)\w*|BASE_DIR|MEDIA_ROOT)\b")
# What is not meant to stay, or is gone before the function ends.
PASSING = re.compile(r"\btemp|\btmp|/tmp\b|mkdtemp|mkstemp|/dev/|devnull|STATIC_ROOT|\bLOG_", re.I)
REMOVING = frozenset({"remove", "unlink", "rmtree"})
SENDING = re.compile(r"\b(boto3|s3|bucket|upload_file\w*|put_object|blob)\b", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class FileWrite:
    """A place that leaves a file behind."""

    location: Location
    function: str
    path: str  # as it is written


def file_writes(code: Code) -> Iterator[FileWrite]:
    """The first place of each function that requests or tasks reach."""
    reach = Reach(code)
    for module in code.matching(_WRITES):
        if is_product(module):
            for function, node in functions(module).items():
                found = _first(module, function, node)
                if found is not None and reach.is_served(module, function):
                    yield found


def _first(module: Module, function: str, node: Function) -> FileWrite | None:
    written = [(call, target) for call in _own_calls(node) if (target := _target(call))]
    if not written or _is_passing(node):
        return None
    names = dict(_assigned(node))
    for call, target in written:
        path = _spelled(target, names)
        if ROOT.search(path) and not PASSING.search(path):
            return FileWrite(
                location=module.location(call), function=function, path=ast.unparse(target)
            )
    return None


def _is_passing(node: Function) -> bool:
    """Whether it removes what it wrote, or sends it elsewhere."""
    removes = any(dotted(called).rpartition(".")[2] in REMOVING for called in calls(node))
    return removes or SENDING.search(ast.unparse(node)) is not None


def _own_calls(node: Function) -> Iterator[ast.Call]:
    """Calls in a function itself, in the order of its text."""
    waiting: list[ast.AST] = list(node.body)
    while waiting:
        inner = waiting.pop(0)
        if isinstance(inner, ast.Call):
            yield inner
        if not isinstance(inner, Function | ast.ClassDef):
            waiting[:0] = ast.iter_child_nodes(inner)


def _target(call: ast.Call) -> ast.expr | None:
    """The path that a call writes to; None where it writes nothing."""
    name = dotted(call.func)
    is_plain = isinstance(call.func, ast.Name) or name in ("io.open", "codecs.open")
    if is_plain and name.endswith("open") and call.args:
        return call.args[0] if _is_writing(call, 1) else None
    if isinstance(call.func, ast.Attribute):
        if call.func.attr == "open":
            return call.func.value if _is_writing(call, 0) else None
        if call.func.attr in ("write_text", "write_bytes"):
            return call.func.value
    if name in ("shutil.copy", "shutil.copy2", "shutil.copyfile", "shutil.move"):
        return call.args[1] if len(call.args) > 1 else None
    return None


def _is_writing(call: ast.Call, position: int) -> bool:
    given = [keyword.value for keyword in call.keywords if keyword.arg == "mode"]
    mode = given[0] if given else call.args[position] if len(call.args) > position else None
    return (
        isinstance(mode, ast.Constant)
        and isinstance(mode.value, str)
        and WRITING_MODE.match(mode.value) is not None
    )


def _assigned(node: Function) -> Iterator[tuple[str, ast.expr]]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Assign):
            for target in inner.targets:
                if isinstance(target, ast.Name):
                    yield target.id, inner.value


def _spelled(target: ast.expr, names: dict[str, ast.expr], depth: int = 0) -> str:
    """A path with the local names that it is made of."""
    text = ast.unparse(target)
    used = {n.id for n in ast.walk(target) if isinstance(n, ast.Name)} & names.keys()
    if depth > 3:
        return text
    return " ".join([text, *(_spelled(names[name], names, depth + 1) for name in sorted(used))])
