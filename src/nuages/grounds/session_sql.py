"""SQL that leaves something behind in its session, and where the project's code writes it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from nuages.code import Code, Module
from nuages.grounds.written import Function, WrittenCall, calls_in
from nuages.model import Location
from nuages.origins import in_migrations, in_tests

START = r"(?:^|;)\s*"
FLAGS = re.IGNORECASE | re.DOTALL
# What PgBouncer says "never" to in transaction mode: https://www.pgbouncer.org/features.html
KINDS: Mapping[str, re.Pattern[str]] = {
    "session setting": re.compile(
        START + r"SET\s+(?!(?:LOCAL|(?:SESSION\s+)?TRANSACTION|CONSTRAINTS)\b)[\w.\"%]+"
        r"|\bset_config\s*\([^()]*,\s*(?:false|'f(?:alse)?')\s*\)",
        FLAGS,
    ),
    "session lock": re.compile(r"\bpg_(?:try_)?advisory_lock(?:_shared)?\s*\(", FLAGS),
    "listener": re.compile(START + r"LISTEN\s+\S", FLAGS),
    "temporary table": re.compile(
        START + r"CREATE\s+(?:GLOBAL\s+|LOCAL\s+)?TEMP(?:ORARY)?\s+TABLE\b"
        r"(?!.*\bON\s+COMMIT\s+DROP\b)",
        FLAGS,
    ),
    "cursor with hold": re.compile(r"\bDECLARE\b.*\bCURSOR\s+WITH\s+HOLD\b", FLAGS),
    "prepared statement": re.compile(START + r"PREPARE\s+\w+\s*(?:\(|AS\b)", FLAGS),
}
# What puts it right again, if that happens in the same transaction.
UNDONE: Mapping[str, re.Pattern[str]] = {
    "session setting": re.compile(r"\bRESET\s", FLAGS),
    "session lock": re.compile(r"advisory_unlock", FLAGS),
    "temporary table": re.compile(r"\bDROP\s+TABLE\b", FLAGS),
    "prepared statement": re.compile(r"\bDEALLOCATE\b", FLAGS),
}
# Libraries' locks for as long as the session lives.
LOCKS = frozenset({"pglock.advisory", "django_pglocks.advisory_lock"})
EXECUTING = frozenset({"execute", "executemany", "callproc", "raw", "RawSQL", "mogrify"})
# In a module that executes nothing, "set " is only a word.
EXECUTES = re.compile(r"\b(?:execute|executemany|callproc|raw|RawSQL|mogrify|advisory\w*)\(")
WORTH_PARSING = re.compile(
    r"[\"';]\s*(?:SET|LISTEN|PREPARE)\s|set_config|advisory_lock|\bTEMP(?:ORARY)?\s+TABLE"
    r"|WITH\s+HOLD|\bpglock\.advisory",
    re.IGNORECASE,
)
# A connection of a driver's own may go past the pooler.
OWN_CONNECTION = re.compile(r"\b(?:psycopg2?|asyncpg)\.(?:\w+\.)?(?:connect|create_pool)\(")


@dataclass(frozen=True)
class Trace:
    """A place in the code that leaves something behind in the session."""

    kind: str  # one of KINDS
    location: Location
    is_undone: bool = False  # by the same transaction, on the same connection therefore


def kind_of(sql: str) -> str:
    """What a statement leaves behind, "" for nothing that outlives its transaction."""
    return next((kind for kind, pattern in KINDS.items() if pattern.search(sql.strip())), "")


def traces(code: Code) -> Iterator[Trace]:
    """Every such statement in the product's code, by Django's connections."""
    for module in code.matching(EXECUTES):
        if not WORTH_PARSING.search(module.text) or OWN_CONNECTION.search(module.text):
            continue
        for call in calls_in(module):
            kind = _kind(call)
            if kind and not in_tests(call.location) and not in_migrations(call.location):
                yield Trace(kind, call.location, _is_undone(call, kind))


def _kind(call: WrittenCall) -> str:
    if call.name in LOCKS:
        xact = call.argument("xact")
        is_session = xact is None or (isinstance(xact, ast.Constant) and not xact.value)
        return "session lock" if is_session else ""
    function = call.node.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    if name not in EXECUTING or not call.node.args:
        return ""
    sql = text_of(call.node.args[0], call.function, call.module)
    return kind_of(f"{sql}(" if name == "callproc" else sql)


def _is_undone(call: WrittenCall, kind: str) -> bool:
    undo = UNDONE.get(kind)
    if undo is None or not call.is_atomic or call.function is None:
        return False
    return undo.search(ast.unparse(call.function)) is not None


def text_of(node: ast.expr, function: Function | None, module: Module) -> str:
    """The text of an expression as far as it is written there, %s for the rest."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else "%s" for part in node.values
        )
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return text_of(node.left, function, module) + text_of(node.right, function, module)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
        return text_of(node.left, function, module)
    if isinstance(node, ast.Call):
        inner = node.func.value if _is_format(node) else next(iter(node.args), None)  # type: ignore[attr-defined]
        return text_of(inner, function, module) if inner is not None else ""
    if isinstance(node, ast.Name):
        return _assigned(node.id, function, module)
    return ""


def _is_format(node: ast.Call) -> bool:
    """Whether it is `"…".format(…)`, and not `SQL("…")` or `dedent("…")`."""
    return isinstance(node.func, ast.Attribute) and node.func.attr in ("format", "strip")


def _assigned(name: str, function: Function | None, module: Module) -> str:
    """The one text that a name is given, in the function or at the top of the module."""
    places: list[list[ast.AST]] = [list(module.tree.body)]
    if function is not None:
        places.insert(0, list(ast.walk(function)))
    for nodes in places:
        given = [
            node.value
            for node in nodes
            if isinstance(node, ast.Assign)
            and any(isinstance(t, ast.Name) and t.id == name for t in node.targets)
        ]
        if given:
            is_plain = len(given) == 1 and not isinstance(given[0], ast.Name)
            return text_of(given[0], None, module) if is_plain else ""
    return ""
