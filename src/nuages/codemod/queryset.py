"""Puts select_related, prefetch_related, only and defer on what created a queryset."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import libcst as cst

from nuages.codemod import Refusal, classes
from nuages.codemod.chain import (
    COMBINES,
    ENDS_CHAIN,
    LIBRARY_CALLS,
    RETURNS_NO_INSTANCES,
    RETURNS_QUERYSET,
    SHORTCUTS,
    WRITES,
    Chain,
    Link,
    chain_through,
    has_opaque_arguments,
    string_arguments,
    sync_name,
)
from nuages.codemod.draft import Change, Draft, Syntax
from nuages.codemod.insert import appended, argument_added, placed_before
from nuages.codemod.locate import class_at, enclosing_class, expression_at
from nuages.model import Location

Method = Literal["select_related", "prefetch_related", "only", "defer"]

LIBRARY = "the queryset is created in library code called here"
MODEL_GETTERS = frozenset({"get_model", "get_user_model"})


def add_method(source: str, location: Location, kind: Method, path: str) -> str:
    """The source with `path` joined, prefetched or left out by the queryset created at `location`.

    `path` names several fields by commas, for only and defer. The same text when it is so
    already; raises Refusal when the edit would be a guess.
    """
    draft = Draft(source)
    add_to_draft(draft, location, kind, path)
    return draft.text


def add_to_draft(draft: Draft, location: Location, kind: Method, path: str) -> None:
    syntax = draft.syntax(location.line)
    if location.kind == "class":
        node = class_at(draft, syntax, location)
        draft.change(_in_class(syntax, node, kind, path))
    else:
        expression = expression_at(draft, syntax, location)
        draft.change(_at_creation(syntax, expression, kind, path))


def call_to_draft(draft: Draft, location: Location, lines: Sequence[str]) -> None:
    """A method call on the queryset created at `location`, its lines indented as that is."""
    syntax = draft.syntax(location.line)
    if location.kind == "class":
        node = class_at(draft, syntax, location)
        expression = classes.inherited_queryset(node) or classes.queryset_of(node)
        if expression is None:
            raise Refusal(f"{node.name.value} declares no queryset")
    else:
        expression = expression_at(draft, syntax, location)
        is_call = isinstance(expression, cst.Call) and isinstance(expression.func, cst.Attribute)
        if not is_call and not is_manager(expression):
            raise Refusal(LIBRARY)
    chain = chain_through(syntax, expression)
    if _is_library_call(chain):
        raise Refusal(LIBRARY)
    for link in chain.links:
        if link.name in RETURNS_NO_INSTANCES | COMBINES | WRITES | {"raw"}:
            raise Refusal(f"a .{link.method}() is in the chain")
    ending = chain.creation
    indentation = syntax.line_indentation(syntax.end(expression))
    method_call = f"{syntax.newline()}{indentation}".join(lines)
    if ending is not None and ending.name in ENDS_CHAIN:
        draft.change(placed_before(syntax, ending, method_call))
    else:
        following = chain.after_creation()
        draft.change(appended(syntax, expression, ending, following, method_call))


def _in_class(syntax: Syntax, node: cst.ClassDef, kind: Method, path: str) -> list[Change]:
    queryset = classes.inherited_queryset(node) or classes.queryset_of(node)
    if queryset is None or (kind == "select_related" and classes.is_admin(node)):
        return classes.insertions(syntax, node, kind, path)
    return _at_end(syntax, queryset, kind, path)


def _at_end(
    syntax: Syntax, expression: cst.BaseExpression, kind: Method, path: str
) -> list[Change]:
    """On a whole expression that is a queryset or a manager."""
    return _on_chain(syntax, chain_through(syntax, expression), expression, kind, path)


def _at_creation(
    syntax: Syntax, expression: cst.BaseExpression, kind: Method, path: str
) -> list[Change]:
    if isinstance(expression, cst.Call):
        if _called_name(expression) in SHORTCUTS:
            return _in_shortcut(syntax, expression, kind, path)
        if not isinstance(expression.func, cst.Attribute):
            raise Refusal(LIBRARY)
    elif isinstance(expression, cst.Attribute) and not is_manager(expression):
        raise Refusal(LIBRARY)
    elif not isinstance(expression, (cst.Attribute, cst.Name)):
        raise Refusal("the queryset is not created by a method call here")
    chain = chain_through(syntax, expression)
    if _is_library_call(chain):
        return _in_enclosing_class(syntax, expression, kind, path)
    return _on_chain(syntax, chain, expression, kind, path)


def _in_shortcut(syntax: Syntax, call: cst.Call, kind: Method, path: str) -> list[Change]:
    """`get_object_or_404(Post, …)`, whose first argument is a model, a manager or a queryset."""
    named = [arg for arg in call.args if arg.keyword and arg.keyword.value == "klass"]
    first = (named or list(call.args))[0].value if call.args else None
    if first is None:
        raise Refusal(LIBRARY)
    if is_class_name(first) or _called_name(first) in MODEL_GETTERS:
        # As Django does: `objects` may be a manager that shows other rows.
        text = f"._default_manager.{_method_call(syntax, kind, path)}"
        return [Change(syntax.end(first), text)]
    if isinstance(first, cst.Call) or is_manager(first):
        return _at_end(syntax, first, kind, path)
    name = syntax.code(first)
    raise Refusal(f"whether {name} is a model or a queryset can't be told from the source")


def _in_enclosing_class(
    syntax: Syntax, expression: cst.BaseExpression, kind: Method, path: str
) -> list[Change]:
    """`self.get_object()` and the like use what the class they are in declares."""
    node = enclosing_class(syntax, expression)
    if node is None or not classes.declares_queryset(node):
        raise Refusal(LIBRARY)
    return _in_class(syntax, node, kind, path)


def _on_chain(
    syntax: Syntax, chain: Chain, creation: cst.BaseExpression, kind: Method, path: str
) -> list[Change]:
    existing = chain.named(kind)
    if any(_covers(link, kind, path) for link in existing):
        return []
    _check(chain, kind, path)
    if existing:
        if kind == "only":
            raise Refusal(".only() is there already, and names other fields")
        known = {*string_arguments(existing[-1].call)}
        missing = [name for name in path.split(", ") if name not in known]
        return argument_added(syntax, existing[-1].call, _quoted(syntax, ", ".join(missing)))
    method_call = _method_call(syntax, kind, path)
    ending = chain.creation
    if ending is not None and ending.name in ENDS_CHAIN:
        return placed_before(syntax, ending, method_call)
    return appended(syntax, creation, ending, chain.after_creation(), method_call)


def _check(chain: Chain, kind: Method, path: str) -> None:
    for link in chain.links:
        name = f".{link.method}()"
        if link.name in RETURNS_NO_INSTANCES:
            raise Refusal(f"{name} returns no instances, so nothing can be fetched with them")
        if link.name in COMBINES:
            raise Refusal(f"{name} combines several queries, and Django then refuses .{kind}()")
        if link.name == "raw":
            raise Refusal(f"{name} is written SQL: join the table there")
        if link.name in WRITES:
            raise Refusal(f"{name} returns rows just written, not loaded")
        if link.name == kind and (not link.call.args or _resets(link)):
            raise Refusal(f"the chain says {name} without naming relations")
        if kind == "select_related":
            _check_join(link, path)
        elif kind in ("only", "defer"):
            _check_columns(link, kind, path)
        elif link.name == "iterator" and not link.call.args and link.method == "iterator":
            raise Refusal(f"{name} without chunk_size ignores prefetches")


def _check_join(link: Link, path: str) -> None:
    """What Django or the database refuses together with a join."""
    hop = path.split("__")[0]
    named = [name.split("__")[0] for name in string_arguments(link.call)]
    if link.name == "only" and hop not in named:
        raise Refusal(f".only() leaves out {hop}, and a deferred relation can't be joined")
    if link.name == "defer" and (hop in named or has_opaque_arguments(link.call)):
        raise Refusal(f".defer() leaves out {hop}, and a deferred relation can't be joined")
    locks_all = not any(arg.keyword and arg.keyword.value == "of" for arg in link.call.args)
    if link.name == "select_for_update" and locks_all:
        raise Refusal(".select_for_update() without of= would lock the joined rows as well")


def _check_columns(link: Link, kind: Method, path: str) -> None:
    """What Django refuses, or undoes, together with a choice of columns."""
    names = path.split(", ")
    if link.name in ("only", "defer") and link.name != kind:
        raise Refusal(f".{link.method}() chooses the columns already")
    if link.name == "select_related":
        hops = {name.split("__")[0] for name in string_arguments(link.call)}
        left_out = hops - {*names} if kind == "only" else hops & {*names}
        if left_out or has_opaque_arguments(link.call):
            raise Refusal(".select_related() needs the keys, and a deferred one can't be joined")


def _covers(link: Link, kind: Method, path: str) -> bool:
    if kind in ("only", "defer"):
        return kind == "defer" and {*path.split(", ")} <= {*string_arguments(link.call)}
    for name in string_arguments(link.call):
        if name == path or name.startswith(f"{path}__"):
            return True
    if kind == "prefetch_related":
        for argument in link.call.args:
            _check_prefetch(argument.value, path)
    return False


def _check_prefetch(value: cst.BaseExpression, path: str) -> None:
    """A Prefetch object on the way of the path: another lookup would clash with it."""
    if not isinstance(value, cst.Call) or _called_name(value) != "Prefetch":
        return
    lookups = string_arguments(value)[:1]
    on_the_way = any(path == name or path.startswith(f"{name}__") for name in lookups)
    keywords = [arg.keyword.value for arg in value.args if arg.keyword]
    if lookups == [path]:
        raise Refusal(f'Prefetch("{path}", …) is already there, but the access goes around it')
    if on_the_way and "to_attr" in keywords:
        raise Refusal(f'Prefetch("{lookups[0]}", to_attr=…) keeps these rows elsewhere')


def _resets(link: Link) -> bool:
    first = link.call.args[0].value
    return isinstance(first, cst.Name) and first.value in ("None", "True", "False")


def _is_library_call(chain: Chain) -> bool:
    """Whether the creating call is to a method that makes its queryset out of sight."""
    link = chain.creation
    if link is None:
        return False
    if link.name in RETURNS_QUERYSET | RETURNS_NO_INSTANCES | WRITES | {"raw"}:
        return False
    if link.name == "get":
        return not _looks_like_lookup(chain, link)
    if link.name in ENDS_CHAIN:
        return False
    if _is_self_or_super(link.attribute.value):
        return "queryset" not in link.method or link.method in LIBRARY_CALLS
    return link.method in LIBRARY_CALLS


def _looks_like_lookup(chain: Chain, link: Link) -> bool:
    """Whether `.get(…)` is a queryset's, and not a dict's, a view's or an HTTP client's."""
    by_keyword = any(arg.keyword or arg.star == "**" for arg in link.call.args)
    if _is_self_or_super(link.attribute.value):
        return by_keyword
    return by_keyword or is_manager(chain.base) or chain.index > 0


def _is_self_or_super(node: cst.BaseExpression) -> bool:
    if isinstance(node, cst.Name):
        return node.value in ("self", "cls")
    return _called_name(node) == "super"


def is_manager(node: cst.BaseExpression) -> bool:
    """Whether an attribute reads like a manager: `Post.objects`, `models.Post.published`."""
    if not isinstance(node, cst.Attribute):
        return False
    name = node.attr.value
    if name.endswith(("objects", "_set")) or name in ("_default_manager", "_base_manager"):
        return True
    return is_class_name(node.value) and name.islower()


def is_class_name(node: cst.BaseExpression) -> bool:
    name = node.attr if isinstance(node, cst.Attribute) else node
    if not isinstance(name, cst.Name):
        return False
    return name.value[:1].isupper() and not name.value.isupper()


def _called_name(node: cst.BaseExpression) -> str:
    if not isinstance(node, cst.Call):
        return ""
    func = node.func.attr if isinstance(node.func, cst.Attribute) else node.func
    return sync_name(func.value) if isinstance(func, cst.Name) else ""


def _method_call(syntax: Syntax, kind: Method, path: str) -> str:
    return f"{kind}({_quoted(syntax, path)})"


def _quoted(syntax: Syntax, path: str) -> str:
    quote = syntax.quote()
    return ", ".join(f"{quote}{name}{quote}" for name in path.split(", "))
