"""What the code asks of a queryset that it writes in the same breath: how many rows, or any at all.

Only expressions that nobody else holds are taken: what has a name may be iterated later.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal
from weakref import WeakKeyDictionary

from nuages.code import Code, Module
from nuages.model import Location
from nuages.origins import in_migrations, in_tests

MANAGER = re.compile(r"\.(?:objects|_default_manager|_base_manager)\b")
# What stands around a manager where something is asked: other files need not be parsed.
BEFORE = re.compile(
    r"(?:\b(?:if|while|not|and|or|assert)[\s(]+|\b(?:len|bool|any|list|tuple)\(\s*"
    r"|^(?!.*\bfor\b).*\bin\s+|\d\s*[<>=!]+\s*)[\w.]+$",
    re.MULTILINE,
)
AFTER = re.compile(r"\.count\(\)\s*[<>=!]")
NEAR = 120, 400  # characters before and after
MANAGERS = frozenset({"objects", "_default_manager", "_base_manager"})
# Methods after which a queryset is still one, with nothing lost if its rows are not fetched.
QUERYSET_METHODS = frozenset({
    "alias", "all", "annotate", "complex_filter", "defer", "difference", "distinct", "exclude",
    "filter", "intersection", "only", "order_by", "prefetch_related", "reverse",
    "select_related", "union", "using", "values", "values_list",
})  # fmt: skip
LOOPS = (
    ast.For, ast.AsyncFor, ast.While, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp,
)  # fmt: skip
FLIPPED = {
    ast.Lt: ast.Gt, ast.Gt: ast.Lt, ast.LtE: ast.GtE, ast.GtE: ast.LtE, ast.Eq: ast.Eq,
    ast.NotEq: ast.NotEq,
}  # fmt: skip
# A number compared with that says whether there are rows: operator and number → there are.
TRUTHS = {
    (ast.Gt, 0): True, (ast.NotEq, 0): True, (ast.GtE, 1): True, (ast.Eq, 0): False,
    (ast.LtE, 0): False, (ast.Lt, 1): False,
}  # fmt: skip

Kind = Literal["count", "exists"]


@dataclass(frozen=True, kw_only=True)
class Question:
    """An expression that asks less of a queryset than it fetches, or counts."""

    module: Module
    node: ast.expr  # to be replaced
    kind: Kind
    model: str  # as it is written, "Post"
    asked: str  # as the message puts it, "len()"
    answer: str  # what to write
    text: str  # that stands there now
    fetches: bool  # all rows, where a count only reads them

    @property
    def location(self) -> Location:
        return self.module.location(self.node)


def questions(code: Code) -> tuple[Question, ...]:
    """All of the project's product code, each place once."""
    found = _questions.get(code)
    if found is None:
        found = _questions[code] = tuple(_read(code))
    return found


_questions: WeakKeyDictionary[Code, tuple[Question, ...]] = WeakKeyDictionary()


def _read(code: Code) -> Iterator[Question]:
    for module in code.matching(MANAGER):
        place = Location(file=module.file, line=1)
        is_other = "mongoengine" in module.text  # whose querysets have no .exists()
        if in_tests(place) or in_migrations(place) or is_other:
            continue
        if _may_ask(module.text):
            yield from _Reader(module).read()


def _may_ask(text: str) -> bool:
    for found in MANAGER.finditer(text):
        before, after = found.start() - NEAR[0], found.end() + NEAR[1]
        if BEFORE.search(text[max(before, 0) : found.start()]):
            return True
        if AFTER.search(text[found.end() : after]):
            return True
    return False


class _Reader:
    """Reads one module; an expression inside one that was taken is not looked at."""

    def __init__(self, module: Module) -> None:
        self._module = module
        self._taken: set[ast.AST] = set()

    def read(self) -> Iterator[Question]:
        calls: list[ast.Call] = []
        for node in ast.walk(self._module.tree):
            if isinstance(node, ast.Call):
                calls.append(node)
            elif isinstance(node, ast.Compare):
                yield from self._of_comparison(node)
            else:
                for tested in _tested(node):
                    yield from self._of_truth(tested)
        for call in calls:
            if call not in self._taken:
                yield from self._of_call(call)

    @cached_property
    def _looped(self) -> set[ast.AST]:
        """The comparisons inside of loops."""
        return {
            inner
            for loop in ast.walk(self._module.tree)
            if isinstance(loop, LOOPS)
            for inner in ast.walk(loop)
            if isinstance(inner, ast.Compare)
        }

    def _of_truth(self, node: ast.expr) -> Iterator[Question]:
        """An expression of which only the truth is used."""
        if model := queryset_of(node):
            yield self._ask(node, "exists", model, "the truth", f"{self._text(node)}.exists()")
        elif (number := _number_of(node)) is not None:
            yield self._truth_of_number(node, number, is_any=True)

    def _of_comparison(self, node: ast.Compare) -> Iterator[Question]:
        if len(node.ops) != 1:
            return
        left, operator, right = node.left, type(node.ops[0]), node.comparators[0]
        if operator in (ast.In, ast.NotIn):
            yield from self._of_membership(node, right, is_in=operator is ast.In)
            return
        if isinstance(left, ast.Constant):
            left, right, operator = right, left, FLIPPED.get(operator, operator)
        value = right.value if isinstance(right, ast.Constant) else None
        is_any = TRUTHS.get((operator, value)) if type(value) is int else None
        number = _number_of(left)
        if is_any is not None and number is not None:
            self._taken.add(left)
            yield self._truth_of_number(node, number, is_any=is_any)

    def _of_membership(
        self, node: ast.Compare, rows: ast.expr, *, is_in: bool
    ) -> Iterator[Question]:
        model = queryset_of(rows)
        if not model or node in self._looped:  # there a set, made before the loop, is better still
            return
        field = _only_column(rows)
        key = self._text(node.left)
        if field:
            answer = f"{self._text(_inside(rows))}.filter({field}={key}).exists()"
        elif _columns(rows):
            return
        else:
            answer = f"{self._text(rows)}.contains({key})"
        yield self._ask(node, "exists", model, "`in`", answer if is_in else f"not {answer}")

    def _truth_of_number(self, node: ast.expr, number: ast.Call, *, is_any: bool) -> Question:
        self._taken.add(number)
        rows = _counted(number)
        assert rows is not None
        is_len = isinstance(number.func, ast.Name)
        answer = f"{self._text(rows)}.exists()"
        return self._ask(
            node,
            "exists",
            _model_of(rows),
            "len()" if is_len else ".count()",
            answer if is_any else f"not {answer}",
            fetches=is_len,
        )

    def _of_call(self, node: ast.Call) -> Iterator[Question]:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if len(node.args) != 1 or node.keywords:
            return
        argument = node.args[0]
        if name in ("bool", "any") and (model := queryset_of(argument)):
            if name == "bool" or not _columns(argument):  # any() looks at the values of a column
                answer = f"{self._text(argument)}.exists()"
                yield self._ask(node, "exists", model, f"{name}()", answer)
        elif name == "len" and (rows := _counted(node)) is not None:
            answer = f"{self._text(rows)}.count()"
            yield self._ask(node, "count", queryset_of(rows), "len()", answer)

    def _text(self, node: ast.expr) -> str:
        """As it is written."""
        return ast.get_source_segment(self._module.text, node) or ast.unparse(node)

    def _ask(
        self, node: ast.expr, kind: Kind, model: str, asked: str, answer: str, *,
        fetches: bool = True,
    ) -> Question:  # fmt: skip
        return Question(
            module=self._module,
            node=node,
            kind=kind,
            model=model,
            asked=asked,
            answer=answer,
            text=self._text(node),
            fetches=fetches,
        )


def queryset_of(node: ast.expr) -> str:
    """The model of an expression that makes a queryset of a model's own manager; "" for others."""
    return _model_of(node) if isinstance(node, ast.Call) else ""


def _model_of(node: ast.expr) -> str:
    """The same, the manager itself included."""
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if node.func.attr not in QUERYSET_METHODS:
            return ""
        node = node.func.value
    if not isinstance(node, ast.Attribute) or node.attr not in MANAGERS:
        return ""
    name = node.value.attr if isinstance(node.value, ast.Attribute) else node.value
    name = name.id if isinstance(name, ast.Name) else name
    return name if isinstance(name, str) and name[:1].isupper() and not name.isupper() else ""


def _tested(node: ast.AST) -> Iterator[ast.expr]:
    """The expressions below a node of which only the truth is used."""
    if isinstance(node, ast.If | ast.While | ast.IfExp | ast.Assert):
        yield from _operands(node.test)
    elif isinstance(node, ast.comprehension):
        for condition in node.ifs:
            yield from _operands(condition)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield from _operands(node.operand)


def _operands(test: ast.expr) -> Iterator[ast.expr]:
    """Of `and` and `or`; `not` comes to its own turn."""
    if isinstance(test, ast.BoolOp):
        for value in test.values:
            yield from _operands(value)
    elif not isinstance(test, ast.UnaryOp):
        yield test


def _number_of(node: ast.expr) -> ast.Call | None:
    """`len(rows)` or `rows.count()`, of a queryset written there."""
    return node if isinstance(node, ast.Call) and _counted(node) is not None else None


def _counted(call: ast.Call) -> ast.expr | None:
    """The queryset of which a call gives the number of rows."""
    rows: ast.expr | None = None
    if isinstance(call.func, ast.Name) and call.func.id == "len" and len(call.args) == 1:
        rows = call.args[0]
        if isinstance(rows, ast.Call) and isinstance(rows.func, ast.Name):
            is_list = rows.func.id in ("list", "tuple") and len(rows.args) == 1
            rows = rows.args[0] if is_list and not rows.keywords else rows
    elif isinstance(call.func, ast.Attribute) and call.func.attr == "count" and not call.args:
        return call.func.value if _model_of(call.func.value) else None
    return rows if rows is not None and queryset_of(rows) else None


def _columns(rows: ast.expr) -> bool:
    """Whether a queryset gives columns and no instances."""
    while isinstance(rows, ast.Call) and isinstance(rows.func, ast.Attribute):
        if rows.func.attr in ("values", "values_list"):
            return True
        rows = rows.func.value
    return False


def _only_column(rows: ast.expr) -> str:
    """The field that `.values_list("field", flat=True)` gives at the end of a chain."""
    if not isinstance(rows, ast.Call) or not isinstance(rows.func, ast.Attribute):
        return ""
    is_flat = any(
        k.arg == "flat" and isinstance(k.value, ast.Constant) and k.value.value is True
        for k in rows.keywords
    )
    if rows.func.attr != "values_list" or not is_flat or len(rows.args) != 1:
        return ""
    name = rows.args[0]
    return name.value if isinstance(name, ast.Constant) and isinstance(name.value, str) else ""


def _inside(call: ast.expr) -> ast.expr:
    """What the last method of a chain is called on."""
    if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
        return call.func.value
    return call
