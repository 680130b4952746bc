"""Settings, where the project's own module gives them: an entry taken out, put in or wrapped."""

from __future__ import annotations

from typing import TypeVar

import libcst as cst

from nuages.codemod import Refusal
from nuages.codemod.draft import Change, Draft, Syntax
from nuages.codemod.insert import argument_added, item_added, statement_added
from nuages.codemod.locate import spanned
from nuages.model import Finding, Location

CACHED = "django.template.loaders.cached.Loader"
KEPT = {"CONN_MAX_AGE": "60", "CONN_HEALTH_CHECKS": "True"}
Kind = TypeVar("Kind", bound=cst.CSTNode)
OF_URL = frozenset({"dj_database_url.config", "dj_database_url.parse"})


def place(finding: Finding) -> Location | None:
    return finding.location if finding.remedy.code else None


def remove(draft: Draft, finding: Finding) -> None:
    """A name out of a list such as MIDDLEWARE, with its line where it has one of its own."""
    location = finding.location
    assert location is not None
    syntax = draft.syntax(location.line)
    start, end = spanned(draft, location)
    elements = _of_kind(syntax, cst.Element)
    element = next((each for each in elements if syntax.start(each.value) == start), None)
    value = element.value if element else None
    if element is None or not isinstance(value, cst.SimpleString):
        raise Refusal(f"no entry of a list stands at {location.file}:{location.line}")
    if value.evaluated_value != finding.remedy.code or syntax.end(value) != end:
        raise Refusal(f"the entry at {location.file}:{location.line} is another one")
    holder = syntax.parent(element)
    siblings = holder.elements if isinstance(holder, cst.List | cst.Tuple) else ()
    if len(siblings) < 2:
        raise Refusal("it is the only entry")
    comma = element.comma
    stop = syntax.end(comma) if isinstance(comma, cst.Comma) else end
    rest = syntax.text[stop : syntax.line_end(stop)]
    indentation = syntax.indentation(start)
    if indentation is not None and (not rest.strip() or rest.strip().startswith("#")):
        # Its line, with the comment that is on it.
        first = start - len(indentation)
        last = syntax.line_end(stop) + len(syntax.newline())
        draft.change([Change(first, "", removed=last - first)])
    elif element is siblings[-1]:
        before = syntax.end(siblings[-2].value)
        draft.change([Change(before, "", removed=end - before)])
    else:
        following = siblings[[*siblings].index(element) + 1]
        draft.change([Change(start, "", removed=syntax.start(following) - start)])


def write(draft: Draft, finding: Finding) -> None:
    if finding.remedy.path == "TEMPLATES":
        _cache_templates(draft, finding)
    else:
        _keep_connections(draft, finding)


def _cache_templates(draft: Draft, finding: Finding) -> None:
    """The loaders that are there, in the one that keeps what they load."""
    syntax, value = _entry(draft, finding)
    if not isinstance(value, cst.List):
        raise Refusal("the loaders are not written as a list there")
    quote = syntax.quote()
    start, end = syntax.start(value), syntax.end(value)
    draft.change([
        Change(start, f"[({quote}{CACHED}{quote}, "), Change(end, ")]"),
    ])  # fmt: skip


def _keep_connections(draft: Draft, finding: Finding) -> None:
    syntax, value = _entry(draft, finding)
    if isinstance(value, cst.Dict):
        _in_dict(draft, syntax, value)
    elif isinstance(value, cst.Call) and syntax.code(value.func) in OF_URL:
        _in_call(draft, syntax, value)
    elif isinstance(value, cst.Call):
        _after_statement(draft, syntax, value, finding)
    else:
        raise Refusal("the database is not written as a dictionary or a call there")


def _in_dict(draft: Draft, syntax: Syntax, value: cst.Dict) -> None:
    quote = syntax.quote()
    known: dict[str, cst.BaseExpression] = {}
    for element in value.elements:
        if isinstance(element, cst.DictElement) and isinstance(element.key, cst.SimpleString):
            known[str(element.key.evaluated_value)] = element.value
    if not value.elements:
        raise Refusal("the database is an empty dictionary")
    missing = [f"{quote}{key}{quote}: {told}" for key, told in KEPT.items() if key not in known]
    last = value.elements[-1]
    indentation = syntax.indentation(syntax.start(last))
    gap = ", " if indentation is None else f",{syntax.newline()}{indentation}"
    changes = item_added(syntax, last, last.comma, gap.join(missing)) if missing else []
    draft.change([*changes, *_raised(syntax, known.get("CONN_MAX_AGE"))])


def _in_call(draft: Draft, syntax: Syntax, call: cst.Call) -> None:
    known = {argument.keyword.value: argument.value for argument in call.args if argument.keyword}
    names = {key.lower(): told for key, told in KEPT.items()}
    missing = ", ".join(f"{name}={told}" for name, told in names.items() if name not in known)
    changes = argument_added(syntax, call, missing) if missing else []
    draft.change([*changes, *_raised(syntax, known.get("conn_max_age"))])


def _raised(syntax: Syntax, value: cst.BaseExpression | None) -> list[Change]:
    """A zero that is written, and says so itself."""
    if value is None:
        return []
    if not isinstance(value, cst.Integer) or value.evaluated_value != 0:
        raise Refusal(f"CONN_MAX_AGE is {syntax.code(value)} there")
    start = syntax.start(value)
    return [Change(start, KEPT["CONN_MAX_AGE"], removed=syntax.end(value) - start)]


def _after_statement(draft: Draft, syntax: Syntax, value: cst.Call, finding: Finding) -> None:
    """Of what a function makes of the environment: statements after it."""
    node: cst.CSTNode | None = value
    while node is not None and not isinstance(node, cst.SimpleStatementLine):
        node = syntax.parent(node)
    part = node.body[0] if node is not None and len(node.body) == 1 else None
    target = part.targets[0].target if isinstance(part, cst.Assign) else None
    is_whole = isinstance(target, cst.Name) and target.value == "DATABASES"
    if node is None or not is_whole or not isinstance(syntax.parent(node), cst.Module):
        raise Refusal("DATABASES is not assigned by a statement of the module there")
    quote, alias = syntax.quote(), finding.remedy.code
    for key, told in reversed(KEPT.items()):
        line = f"DATABASES[{quote}{alias}{quote}][{quote}{key}{quote}] = {told}"
        if line not in draft.text:
            draft.change(statement_added(syntax, node, line))


def _entry(draft: Draft, finding: Finding) -> tuple[Syntax, cst.BaseExpression]:
    """The value of the dictionary's entry that the location is."""
    location = finding.location
    assert location is not None
    syntax = draft.syntax(location.line)
    start, end = spanned(draft, location)
    for element in _of_kind(syntax, cst.DictElement):
        if syntax.end(element.value) == end and syntax.start(element.key) == start:
            return syntax, element.value
    raise Refusal(f"no entry of a dictionary stands at {location.file}:{location.line}")


def _of_kind(syntax: Syntax, kind: type[Kind]) -> list[Kind]:
    return [node for node, _ in syntax.nodes() if isinstance(node, kind)]
