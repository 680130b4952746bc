"""A query that gives the same for everybody, kept in the cache for as long as the user allows."""

from __future__ import annotations

import re

import libcst as cst
import libcst.matchers as m

from nuages.codemod import Refusal
from nuages.codemod.chain import (
    ENDS_CHAIN,
    RETURNS_NO_INSTANCES,
    RETURNS_QUERYSET,
    Link,
    chain_through,
)
from nuages.codemod.draft import Change, Draft, Syntax
from nuages.codemod.imports import dotted, import_added
from nuages.codemod.locate import expression_at
from nuages.codemod.loops import names, stored
from nuages.codemod.queryset import is_manager
from nuages.model import Finding, Location

RULE = "cacheable-query"  # the other remedies of that kind are for their readers to make
MODULE, NAME = "django.core.cache", "cache"
GIVES_ROWS = (RETURNS_QUERYSET | RETURNS_NO_INSTANCES) - {"select_for_update"}
GIVES_VALUE = ENDS_CHAIN - {"contains", "explain", "get_or_create", "iterator"}
WIDTH = 88  # columns, from which on it is written on several lines
# Where rows are only gone through, a list does as well.
GOES_THROUGH = (cst.For, cst.CompFor, cst.DictElement, cst.Element, cst.Arg)


def place(finding: Finding) -> Location | None:
    """Where the queryset is made, in the function that asks; else where it is asked."""
    used, made = finding.location, finding.created_at
    if finding.rule != RULE or used is None:
        return None
    is_near = made is not None and (made.root, made.file, made.function) == (
        used.root, used.file, used.function,
    )  # fmt: skip
    return made if is_near else used


def write(draft: Draft, finding: Finding) -> None:
    """`cache.get_or_set("shop.views.home.tags", lambda: list(Tag.objects…), 60)`."""
    location = place(finding)
    assert location is not None
    assert finding.remedy.path is not None
    syntax = draft.syntax(location.line)
    query, gives_rows = _query(syntax, expression_at(draft, syntax, location))
    function = _function(syntax, query)
    _check_names(syntax, query, function)
    if gives_rows:
        _check_uses(syntax, query, function)
    _check_import(draft.whole())
    key = ".".join(filter(None, (
        dotted(location.file), (location.function or "").replace(".<locals>", ""),
        _target(syntax, query),
    )))  # fmt: skip
    text = _written(syntax, query, key, int(finding.remedy.path), gives_rows=gives_rows)
    start, end = syntax.start(query), syntax.end(query)
    draft.change([Change(start, text, removed=end - start)])
    draft.change(import_added(draft.whole(), MODULE, NAME, location.file))


def _query(syntax: Syntax, node: cst.BaseExpression) -> tuple[cst.BaseExpression, bool]:
    """The whole of `Tag.objects.order_by("name")[:12]`, and whether it gives rows."""
    chain = chain_through(syntax, node)
    if not chain.links or not is_manager(chain.base):
        raise Refusal("what is asked again is not a queryset of a manager alone")
    methods = [link.method for link in chain.links]
    if "select_for_update" in methods:
        raise Refusal("it locks what it reads")
    query: cst.BaseExpression = chain.links[-1].call
    gives_rows = _gives_rows(chain.links[-1])
    while (above := syntax.parent(query)) is not None:
        if not (isinstance(above, cst.Subscript) and above.value is query and gives_rows):
            break
        query, gives_rows = above, isinstance(above.slice[0].slice, cst.Slice)
    if isinstance(syntax.parent(query), cst.Attribute | cst.Await):
        raise Refusal("what is made of its rows is not known")
    return query, gives_rows


def _gives_rows(last: Link) -> bool:
    if last.method in GIVES_ROWS:
        return True
    if last.method in GIVES_VALUE:
        return False
    raise Refusal(f"what .{last.method}() gives is not known")


def _function(syntax: Syntax, node: cst.CSTNode) -> cst.FunctionDef:
    """The function that asks; what the module or the class asks is asked once as it is."""
    inner, parent = node, syntax.parent(node)
    while parent is not None and not isinstance(parent, cst.FunctionDef | cst.ClassDef):
        if isinstance(parent, cst.Lambda):
            raise Refusal("it is asked in a lambda")
        inner, parent = parent, syntax.parent(parent)
    if not isinstance(parent, cst.FunctionDef) or inner is not parent.body:
        raise Refusal("it is not asked in the body of a function")
    if parent.asynchronous is not None:
        raise Refusal("the function is asynchronous, and a cache is asked in another way there")
    return parent


def _check_names(syntax: Syntax, query: cst.BaseExpression, function: cst.FunctionDef) -> None:
    """That it depends on nothing but names of the module: then one key is enough."""
    local: set[str] = set()
    around: cst.CSTNode | None = function
    while around is not None:
        if isinstance(around, cst.FunctionDef):
            local |= stored(around)
        around = syntax.parent(around)
    given = sorted(name for name in _read(syntax, query) if name in local)
    if given:
        raise Refusal(f"it depends on {given[0]}: a key for each value is for its author to choose")


def _read(syntax: Syntax, node: cst.CSTNode) -> set[str]:
    """Names that are looked up, and not those of attributes and of keywords."""
    found = (each for each in m.findall(node, m.Name()) if isinstance(each, cst.Name))
    return {each.value for each in found if not _is_label(each, syntax.parent(each))}


def _is_label(name: cst.Name, parent: cst.CSTNode | None) -> bool:
    if isinstance(parent, cst.Attribute):
        return parent.attr is name
    return isinstance(parent, cst.Arg) and parent.keyword is name


def _check_uses(syntax: Syntax, query: cst.BaseExpression, function: cst.FunctionDef) -> None:
    """That a list of its rows does where the queryset was."""
    parent = syntax.parent(query)
    if isinstance(parent, GOES_THROUGH):
        return
    name = _target(syntax, query)
    if not name:
        raise Refusal("who gets it may go on with a queryset")
    reads = [each for each in m.findall(function, m.Name(name)) if isinstance(each, cst.Name)]
    for read in reads:
        user = syntax.parent(read)
        is_label = _is_label(read, user)
        goes_on = isinstance(user, cst.Attribute | cst.BinaryOperation | cst.Return)
        if goes_on and not is_label:
            raise Refusal(f"{name} is gone on with as a queryset")


def _target(syntax: Syntax, query: cst.BaseExpression) -> str:
    """The name that it is given, or ""."""
    parent = syntax.parent(query)
    if isinstance(parent, cst.Assign) and len(parent.targets) == 1:
        target = parent.targets[0].target
        return target.value if isinstance(target, cst.Name) else ""
    return ""


def _check_import(syntax: Syntax) -> None:
    imported = re.search(rf"^from {MODULE} import .*\b{NAME}\b", syntax.text, re.MULTILINE)
    if NAME in names(syntax.module) and not imported:
        raise Refusal(f"the name {NAME} is taken")


def _written(
    syntax: Syntax, query: cst.BaseExpression, key: str, seconds: int, *, gives_rows: bool
) -> str:
    start, end = syntax.start(query), syntax.end(query)
    code, quote = syntax.text[start:end], syntax.quote()
    value = f"list({code})" if gives_rows else code
    parts = (f"{quote}{key}{quote}", f"lambda: {value}", str(seconds))
    line = f"{NAME}.get_or_set({', '.join(parts)})"
    indentation = syntax.line_indentation(start)
    before = start - (syntax.text.rfind("\n", 0, start) + 1)
    if "\n" not in code and before + len(line) <= WIDTH:
        return line
    gap = f"{syntax.newline()}{indentation}"
    inside = "".join(f"{gap}    {part}," for part in parts)
    return f"{NAME}.get_or_set({inside}{gap})"
