"""Requests from a Locust file, read and never run: what its tasks send with a constant path."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nuages.errors import NuagesError
from nuages.traffic.grouping import Seen
from nuages.traffic.mix import Excluded

METHODS = frozenset(("get", "head", "options", "post", "put", "patch", "delete"))
SAMPLES = 50  # of the values that a random part of a path takes


@dataclass(frozen=True, kw_only=True)
class Read:
    """What a Locust file says."""

    requests: tuple[Seen, ...]
    left_out: tuple[Excluded, ...]
    think_seconds: float | None = None


def read_locust(path: Path) -> Read:
    """The requests of all users and tasks, weighted as Locust would choose among them."""
    try:
        tree = ast.parse(path.read_text("utf-8"))
    except (OSError, SyntaxError, ValueError) as error:
        raise NuagesError(f"{path} cannot be read: {error}", slug="traffic") from error
    reader = _Reader()
    classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    for each in classes:
        reader.read_class(each)
    if not reader.requests:
        raise NuagesError(
            f"{path} sends nothing whose path can be read from its source",
            hint="run Locust itself, and write the traffic from the server's access log",
            slug="traffic",
        )
    thinks = [pause for each in classes if (pause := _wait_time(each)) is not None]
    return Read(
        requests=tuple(reader.requests),
        left_out=tuple(reader.left_out),
        think_seconds=sum(thinks) / len(thinks) if thinks else None,
    )


class _Reader:
    def __init__(self) -> None:
        self.requests: list[Seen] = []
        self.left_out: list[Excluded] = []

    def read_class(self, node: ast.ClassDef) -> None:
        weight_of_user = _constant_of(node, "weight") or 1
        logs_in = any(isinstance(f, ast.FunctionDef) and f.name == "on_start" for f in node.body)
        for function in node.body:
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                weight = _weight(function)
                if weight:
                    calls = list(_calls(function))
                    actor = "user" if logs_in else "anonymous"
                    for call in calls:
                        self._read_call(call, weight * float(weight_of_user), actor)

    def _read_call(self, call: ast.Call, weight: float, actor: str) -> None:
        assert isinstance(call.func, ast.Attribute)
        keywords = {word.arg: word.value for word in call.keywords}
        arguments, method = list(call.args), call.func.attr.upper()
        if method == "REQUEST":
            told = _literal(arguments.pop(0) if arguments else keywords.get("method"))
            method = str(told or "GET").upper()
        where = arguments[0] if arguments else keywords.get("url") or keywords.get("path")
        paths = [path for path in _paths(where) if path.startswith("/")]
        name = str(_literal(keywords.get("name")) or "")
        if not paths:
            shown = ast.unparse(where) if where is not None else "?"
            why = f"its path is only known when it runs (line {call.lineno})"
            self.left_out.append(Excluded(route=f"{method} {name or shown}", why=why))
            return
        form = _literal(keywords.get("data"))
        texts = {str(k): str(v) for k, v in form.items()} if isinstance(form, dict) else None
        json = _literal(keywords.get("json"))
        self.requests += [
            Seen(
                path=path, method=method, actor=actor, count=weight / len(paths), form=texts,
                json=json,
            )
            for path in paths
        ]  # fmt: skip


def _calls(function: ast.AST) -> Iterator[ast.Call]:
    """`self.client.get(…)` and `self.client.request("GET", …)`; `l.client` in old files."""
    for node in ast.walk(function):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in (*METHODS, "request")
            and isinstance(node.func.value, ast.Attribute)
            and node.func.value.attr == "client"
        ):
            yield node


def _weight(function: ast.FunctionDef | ast.AsyncFunctionDef) -> float:
    """Of @task and @task(3); 0 for what is no task."""
    for decorator in function.decorator_list:
        call = decorator.func if isinstance(decorator, ast.Call) else decorator
        name = call.attr if isinstance(call, ast.Attribute) else getattr(call, "id", "")
        if name == "task":
            arguments = decorator.args if isinstance(decorator, ast.Call) else []
            told = _literal(arguments[0]) if arguments else 1
            return float(told) if isinstance(told, int | float) else 1.0
    return 0.0


def _paths(node: ast.expr | None) -> list[str]:
    """A constant path; of an f-string with `random.randint(1, 9)`, paths with such numbers."""
    if isinstance(node, ast.JoinedStr):
        choices = [_choices(part) for part in node.values]
        most = max(map(len, choices), default=0)
        rows = [[each[i % len(each)] for each in choices] for i in range(most) if all(choices)]
        return list(dict.fromkeys("".join(row) for row in rows))
    value = _literal(node)
    return [value] if isinstance(value, str) else []


def _choices(part: ast.expr) -> list[str]:
    """What a part of an f-string may be; nothing where only running it would tell."""
    if isinstance(part, ast.Constant):
        return [str(part.value)]
    if not (isinstance(part, ast.FormattedValue) and isinstance(part.value, ast.Call)):
        return []
    call = part.value
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    told = [_literal(argument) for argument in call.args]
    if name in ("randint", "randrange") and all(isinstance(each, int) for each in told) and told:
        low, high = (told[0], told[1]) if len(told) > 1 else (0, told[0])
        return [str(n) for n in range(low, high + 1)[:SAMPLES]]
    if name == "choice" and told and isinstance(told[0], list | tuple | str):
        return [str(each) for each in told[0]][:SAMPLES]
    return []


def _literal(node: ast.expr | None) -> Any:
    if node is None:
        return None
    try:
        return ast.literal_eval(node)
    except ValueError:
        return None


def _constant_of(node: ast.ClassDef, name: str) -> Any:
    value = _assigned(node, name)
    return _literal(value)


def _assigned(node: ast.ClassDef, name: str) -> ast.expr | None:
    for each in node.body:
        if isinstance(each, ast.Assign) and any(getattr(t, "id", "") == name for t in each.targets):
            return each.value
    return None


def _wait_time(node: ast.ClassDef) -> float | None:
    """The mean of `between(1, 5)`, of `constant(3)` and their like."""
    value = _assigned(node, "wait_time")
    told = [_literal(each) for each in value.args] if isinstance(value, ast.Call) else []
    numbers = [float(each) for each in told if isinstance(each, int | float)]
    return sum(numbers) / len(numbers) if numbers else None
