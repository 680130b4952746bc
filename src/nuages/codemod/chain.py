"""A chain of method calls, and what each method does to a queryset."""

from __future__ import annotations

from dataclasses import dataclass

import libcst as cst

from nuages.codemod.draft import Syntax

# https://docs.djangoproject.com/en/stable/ref/models/querysets/
RETURNS_QUERYSET = frozenset({
    "all", "alias", "annotate", "complex_filter", "defer", "difference", "distinct", "exclude",
    "extra", "fetch_mode", "filter", "get_queryset", "intersection", "none", "only", "order_by",
    "prefetch_related", "reverse", "select_for_update", "select_related", "union", "using",
})  # fmt: skip
ENDS_CHAIN = frozenset({
    "aggregate", "contains", "count", "earliest", "exists", "explain", "first", "get",
    "get_or_create", "in_bulk", "iterator", "last", "latest",
})  # fmt: skip
WRITES = frozenset({"bulk_create", "bulk_update", "create", "delete", "update", "update_or_create"})
RETURNS_NO_INSTANCES = frozenset({"dates", "datetimes", "values", "values_list"})
COMBINES = frozenset({"difference", "intersection", "union"})
SHORTCUTS = frozenset({"get_list_or_404", "get_object_or_404"})
# Methods of views, forms, serializers and responses inside which Django or a library makes
# the queryset: their results are not querysets, so nothing can be appended to the call.
LIBRARY_CALLS = frozenset({
    "as_view", "clean", "dispatch", "fetch", "full_clean", "get_context_data", "get_object",
    "is_valid", "json", "list", "paginate", "paginate_queryset", "post", "read", "render",
    "render_to_response", "retrieve", "run_validation", "save", "save_m2m", "send", "serialize",
    "to_internal_value", "to_representation", "validate", "write",
})  # fmt: skip


def sync_name(name: str) -> str:
    """`get` for `aget`: the asynchronous twin of a QuerySet method has an "a" before it."""
    plain = name[1:]
    known = ENDS_CHAIN | WRITES | SHORTCUTS
    return plain if name.startswith("a") and plain in known else name


@dataclass(frozen=True, slots=True)
class Link:
    """One method call of a chain."""

    method: str
    call: cst.Call
    attribute: cst.Attribute

    @property
    def name(self) -> str:
        return sync_name(self.method)


@dataclass(frozen=True, slots=True)
class Chain:
    """`base.method(…).method(…)`, and which of the calls created the queryset."""

    base: cst.BaseExpression
    links: tuple[Link, ...]
    index: int  # of the creating call in `links`; -1: the base itself

    @property
    def creation(self) -> Link | None:
        return self.links[self.index] if self.index >= 0 else None

    def after_creation(self) -> Link | None:
        following = self.index + 1
        return self.links[following] if following < len(self.links) else None

    def named(self, *names: str) -> list[Link]:
        return [link for link in self.links if link.name in names]


def link_of(node: cst.CSTNode) -> Link | None:
    if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute):
        return Link(node.func.attr.value, node, node.func)
    return None


def chain_through(syntax: Syntax, node: cst.BaseExpression) -> Chain:
    """The whole chain that `node` is part of, up to its last call and down to its base."""
    top: cst.BaseExpression = node
    while (above := _call_above(syntax, top)) is not None:
        top = above
    links: list[Link] = []
    below = top
    while (link := link_of(below)) is not None:
        links.append(link)
        below = link.attribute.value
    links.reverse()
    return _segment(below, links, node)


def _segment(base: cst.BaseExpression, links: list[Link], node: cst.BaseExpression) -> Chain:
    """The part of a chain between terminal methods: `.get(…).delete()` is called on a row."""
    index = next((i for i, link in enumerate(links) if link.call is node), -1)
    ends = [i for i, link in enumerate(links) if link.name in ENDS_CHAIN | WRITES]
    start = max((i + 1 for i in ends if i < index), default=0)
    stop = min((i + 1 for i in ends if i >= index), default=len(links))
    if start:
        base = links[start - 1].call
    return Chain(base, tuple(links[start:stop]), index - start)


def _call_above(syntax: Syntax, node: cst.BaseExpression) -> cst.Call | None:
    attribute = syntax.parent(node)
    if not isinstance(attribute, cst.Attribute) or attribute.value is not node:
        return None
    call = syntax.parent(attribute)
    return call if isinstance(call, cst.Call) and call.func is attribute else None


def string_arguments(call: cst.Call) -> list[str]:
    """The plain string arguments of a call."""
    values = []
    for argument in call.args:
        value = argument.value
        if isinstance(value, (cst.SimpleString, cst.ConcatenatedString)):
            text = value.evaluated_value
            if isinstance(text, str):
                values.append(text)
    return values


def has_opaque_arguments(call: cst.Call) -> bool:
    """Whether some argument's value can't be read off the source."""
    return len(string_arguments(call)) < len(call.args)
