"""Class declarations that a view or an admin makes its queryset from."""

from __future__ import annotations

import libcst as cst
import libcst.matchers as m

from nuages.codemod import Refusal
from nuages.codemod.chain import link_of
from nuages.codemod.draft import Change, Syntax
from nuages.codemod.insert import item_added, method_added, statement_added

JOINS = "list_select_related"
SUPER = m.Call(func=m.Attribute(value=m.Call(func=m.Name("super")), attr=m.Name("get_queryset")))


def queryset_of(node: cst.ClassDef) -> cst.BaseExpression | None:
    """The value of a class-level `queryset = …`."""
    value = assigned(node, "queryset")
    if isinstance(value, cst.Name) and value.value == "None":
        return None
    return value


def declares_queryset(node: cst.ClassDef) -> bool:
    """Whether the class says which rows it shows, in a way that can be edited."""
    return queryset_of(node) is not None or _model(node) is not None or is_admin(node)


def is_admin(node: cst.ClassDef) -> bool:
    return _is_named(node, "Admin")


def insertions(
    syntax: Syntax,
    node: cst.ClassDef,
    kind: str,
    path: str,
) -> list[Change]:
    """The declaration that fetches `path`, for a class without a `queryset` of its own."""
    name = node.name.value
    if any(base.endswith("Serializer") for base in _bases(node)):
        raise Refusal("the queryset is created in library code")
    if is_admin(node) and kind == "select_related":
        return _list_select_related(syntax, node, path)
    quote = syntax.quote()
    names = ", ".join(f"{quote}{name}{quote}" for name in path.split(", "))
    if is_admin(node) or _is_named(node, "Inline"):
        return _get_queryset(syntax, node, "request", f"{kind}({names})")
    if _defines(node, "get_queryset"):
        raise Refusal(f"the queryset comes from get_queryset() of {name}")
    model = _model(node)
    if model is None and _is_view(syntax, node):
        return _get_queryset(syntax, node, "", f"{kind}({names})")
    if model is None:
        raise Refusal(f"{name} declares neither queryset nor model: its base class does")
    # As Django's views do: `objects` may be a manager that shows other rows.
    text = f"queryset = {syntax.code(model)}._default_manager.{kind}({names})"
    return statement_added(syntax, _statement(node, "model"), text)


def inherited_queryset(node: cst.ClassDef) -> cst.BaseExpression | None:
    """What `get_queryset()` returns, where it only adds to that of the base class."""
    for part in node.body.body:
        if not isinstance(part, cst.FunctionDef) or part.name.value != "get_queryset":
            continue
        lines = part.body.body
        line = lines[0] if len(lines) == 1 else None
        small = line.body[0] if isinstance(line, cst.SimpleStatementLine) else None
        if isinstance(small, cst.Return) and small.value and _begins_with_super(small.value):
            return small.value
    return None


def _begins_with_super(value: cst.BaseExpression) -> bool:
    """Whether it is `super().get_queryset(…)`, with or without further calls."""
    while (link := link_of(value)) is not None:
        if m.matches(value, SUPER):
            return True
        value = link.attribute.value
    return False


def _get_queryset(syntax: Syntax, node: cst.ClassDef, parameter: str, call: str) -> list[Change]:
    """A method that adds to the queryset of the base class, the first of the class's methods."""
    if _defines(node, "get_queryset"):
        raise Refusal(f"the queryset comes from get_queryset() of {node.name.value}")
    given = f"self, {parameter}" if parameter else "self"
    lines = (f"def get_queryset({given}):", f"return super().get_queryset({parameter}).{call}")
    return method_added(syntax, node, lines)


def _is_view(syntax: Syntax, node: cst.ClassDef) -> bool:
    """Whether it is a view by the names of its base classes, as far as the file tells."""
    known = {
        part.name.value: part
        for part in syntax.whole().module.body
        if isinstance(part, cst.ClassDef)
    }
    waiting, seen = [node], {node.name.value}
    while waiting:
        one = waiting.pop()
        if _is_named(one, "View", "ViewSet"):
            return True
        found = {name for name in _bases(one) if name in known} - seen
        seen |= found
        waiting += [known[name] for name in found]
    return False


def _is_named(node: cst.ClassDef, *endings: str) -> bool:
    return any(name.endswith(endings) for name in _bases(node))


def _list_select_related(syntax: Syntax, node: cst.ClassDef, path: str) -> list[Change]:
    quote = syntax.quote()
    item = f"{quote}{path}{quote}"
    value = assigned(node, JOINS)
    if value is None:
        return statement_added(syntax, _anchor(node), f"{JOINS} = ({item},)")
    if not isinstance(value, (cst.Tuple, cst.List)):
        raise Refusal(f"{JOINS} of {node.name.value} is {syntax.code(value)}, not a list of names")
    if _covered(value, path):
        return []
    if value.elements:
        last = value.elements[-1]
        return item_added(syntax, last, last.comma, item)
    inside = syntax.end(value) - (1 if isinstance(value, cst.List) else 0)
    return [Change(inside, f"{item},")]


def _covered(value: cst.Tuple | cst.List, path: str) -> bool:
    names = [
        element.value.evaluated_value
        for element in value.elements
        if isinstance(element.value, cst.SimpleString)
    ]
    return any(name == path or str(name).startswith(f"{path}__") for name in names)


def _anchor(node: cst.ClassDef) -> cst.SimpleStatementLine:
    """The statement that `list_select_related` reads well after."""
    assignments = [line for line in _lines(node) if targets(line)]
    shown = [line for line in assignments if "list_display" in targets(line)]
    for line in shown or assignments[-1:] or _lines(node)[:1]:
        return line
    raise Refusal(f"{node.name.value} has no line to put {JOINS} after")


def _bases(node: cst.ClassDef) -> list[str]:
    values = [argument.value for argument in node.bases]
    names = [value.attr if isinstance(value, cst.Attribute) else value for value in values]
    return [name.value for name in names if isinstance(name, cst.Name)]


def _model(node: cst.ClassDef) -> cst.BaseExpression | None:
    value = assigned(node, "model")
    if isinstance(value, (cst.Name, cst.Attribute)):
        return None if isinstance(value, cst.Name) and value.value == "None" else value
    return None


def _defines(node: cst.ClassDef, method: str) -> bool:
    body = node.body.body
    return any(isinstance(part, cst.FunctionDef) and part.name.value == method for part in body)


def _lines(node: cst.ClassDef) -> list[cst.SimpleStatementLine]:
    return [line for line in node.body.body if isinstance(line, cst.SimpleStatementLine)]


def _statement(node: cst.ClassDef, name: str) -> cst.SimpleStatementLine:
    for line in _lines(node):
        if name in targets(line):
            return line
    raise Refusal(f"{name} of {node.name.value} is not set on a line of its own")


def targets(line: cst.SimpleStatementLine) -> list[str]:
    return [name for part in line.body for name in _names(part)]


def _names(part: cst.BaseSmallStatement) -> list[str]:
    if isinstance(part, cst.Assign):
        found: list[cst.BaseExpression] = [target.target for target in part.targets]
    elif isinstance(part, cst.AnnAssign) and part.value is not None:
        found = [part.target]
    else:
        found = []
    return [target.value for target in found if isinstance(target, cst.Name)]


def assigned(node: cst.ClassDef, name: str) -> cst.BaseExpression | None:
    """The last value that the class body gives to a name."""
    found = None
    for line in _lines(node):
        for part in line.body:
            if isinstance(part, (cst.Assign, cst.AnnAssign)) and name in _names(part):
                found = part.value
    return found
