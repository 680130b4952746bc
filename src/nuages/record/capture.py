"""Walks of the stack: which of the project's expressions caused what is happening now.

A walk costs a few microseconds: two dictionary lookups a frame, and an interned number at the end.
"""

from __future__ import annotations

from contextvars import ContextVar
from types import CodeType, FrameType
from typing import Any, NamedTuple

from nuages.record import classes, executions, lineage, resolvers, sites, templates, triggers
from nuages.record.landmarks import (
    COMPILER,
    JINJA,
    LANDMARK,
    OPERATION,
    PREFETCH,
    PROJECT,
    RELATION,
    RENDERING,
    RESPONSE,
    SERIALIZER,
    STOP,
    TEMPLATE_NODE,
    THREAD,
    classify,
    kinds,
    roles,
)

NO_ROLE = (0, None)
CODES = 50_000  # code objects known to be methods of managers, or not
# Methods that evaluate a queryset. Where the project's own class has them they only call through:
# whoever iterates is to blame, or all of the project's loops would be one.
EVALUATION = frozenset({
    "__iter__", "__aiter__", "__len__", "__bool__", "__getitem__", "_fetch_all", "_iterator",
    "_prefetch_related_objects", "iterator", "aiterator",
})  # fmt: skip

# Site and view to blame in a thread that works for this context, saved where work was handed over.
caller: ContextVar[tuple[int, Any] | None] = ContextVar("nuages_caller", default=None)

_manager_codes: dict[int, tuple[CodeType, bool]] = {}


class Trace:
    """What a walk from a query outwards has met, integers and the query itself."""

    __slots__ = ("in_prefetch", "operation", "query", "queryset", "site", "trigger")

    def __init__(self) -> None:
        self.site = 0
        self.trigger = 0
        self.query: Any = None  # django.db.models.sql.Query or RawQuery
        self.queryset: Any = None
        self.operation: str | None = None
        self.in_prefetch = False


def trace(start: FrameType) -> Trace:
    """What led to the query that is executed in `start`."""
    seen = Trace()
    evaluation = 0
    frame: FrameType | None = start
    while frame is not None:
        code = frame.f_code
        try:
            kind = kinds[code.co_filename]
        except KeyError:
            kind = classify(code, frame.f_globals)
        if kind:
            if kind == PROJECT:
                if not seen.site:
                    if code.co_name in EVALUATION and _is_manager_method(frame, code):
                        evaluation = evaluation or sites.of_frame(code, frame.f_lasti)
                    else:
                        seen.site = sites.of_frame(code, frame.f_lasti)
            elif kind == JINJA:
                seen.trigger = seen.trigger or triggers.of_jinja(frame)
            else:
                role, extra = roles.get(id(code), NO_ROLE)
                if role in (STOP, THREAD):
                    break
                if role:
                    _meet(seen, frame, role, extra)
        frame = frame.f_back
    seen.site = _settle(seen.site, start, frame) or evaluation
    return seen


class Place(NamedTuple):
    """What a walk tells without a look into any frame's variables, but for templates' nodes."""

    site: int
    trigger: int
    operation: str  # the method of QuerySet that executes it
    is_orm: bool  # whether the ORM wrote the SQL


def place(start: FrameType) -> Place:
    """Where the query or call in `start` comes from."""
    return Place(*place_quickly(start))


def place_quickly(start: FrameType) -> tuple[int, int, str, bool]:  # noqa: C901 - the hot path
    """The fields of a Place; all in one function, since a call costs as much as two frames.

    Within a template the walk ends at the node, once an earlier one has found who renders it.
    """
    site = trigger = evaluation = 0
    operation, is_orm = "", False
    callers: list[int] | None = None
    is_outside = False  # of the innermost template
    frame: FrameType | None = start
    while frame is not None:
        code = frame.f_code
        try:
            kind = kinds[code.co_filename]
        except KeyError:
            kind = classify(code, frame.f_globals)
        if kind:
            if kind == LANDMARK:
                known = roles.get(id(code))
                if known is None:  # most frames of Django are beside a landmark
                    frame = frame.f_back
                    continue
                role, extra = known
                if role == OPERATION:
                    if not site:
                        operation = extra or operation
                elif role == COMPILER:
                    if not site:
                        is_orm = True
                elif role == TEMPLATE_NODE:
                    if not trigger:
                        trigger = triggers.of_node(frame)
                        if not site:
                            rendering = templates.rendering()
                            callers = rendering.callers if rendering is not None else None
                            site = callers[-1] if callers else 0
                    if site and trigger and site not in sites.wrappers:
                        return site, trigger, operation, is_orm
                elif role in (STOP, THREAD):
                    break
                elif role == SERIALIZER:
                    trigger = trigger or triggers.of_serializer(frame)
                elif role == RENDERING and not site:
                    is_outside = True
            elif kind == JINJA:
                trigger = trigger or triggers.of_jinja(frame)
            elif not site:
                if code.co_name in EVALUATION and _is_manager_method(frame, code):
                    evaluation = evaluation or sites.of_frame(code, frame.f_lasti)
                else:
                    site = sites.of_frame(code, frame.f_lasti)
        frame = frame.f_back
    if not site or site in sites.wrappers:
        site = _settle(site, start, frame) or evaluation
    if callers and is_outside:
        callers[-1] = site
    return site, trigger, operation, is_orm


def _meet(seen: Trace, frame: FrameType, role: int, extra: Any) -> None:
    if role == TEMPLATE_NODE:
        seen.trigger = seen.trigger or triggers.of_node(frame)
    elif role == SERIALIZER:
        seen.trigger = seen.trigger or triggers.of_serializer(frame)
    elif seen.site:
        return
    elif role == COMPILER:
        if seen.query is None:
            compiler = frame.f_locals.get("self")
            seen.query = getattr(compiler, "query", compiler)
    elif role == OPERATION:
        if not seen.in_prefetch:
            seen.operation = extra or seen.operation
            if seen.queryset is None:
                found = frame.f_locals.get("self")  # a queryset, or an iterable of one
                seen.queryset = getattr(found, "queryset", found)
    elif role == PREFETCH:
        seen.in_prefetch = True


def creation(start: FrameType) -> int:
    """The number of the creation of a queryset whose root query is being made in `start`."""
    site = manager = parent = 0
    relation: lineage.Relation | None = None
    frame: FrameType | None = start
    while frame is not None:
        code = frame.f_code
        try:
            kind = kinds[code.co_filename]
        except KeyError:
            kind = classify(code, frame.f_globals)
        if kind == PROJECT:
            if not _is_manager_method(frame, code):
                site = sites.of_frame(code, frame.f_lasti)
                break
            manager = manager or sites.of_frame(code, frame.f_lasti)
        elif kind:
            role, extra = roles.get(id(code), NO_ROLE)
            if role == RELATION and relation is None:
                relation, parent = extra(frame)
            elif role == PREFETCH:
                return lineage.creation_number(0, relation, parent)
            elif role in (STOP, THREAD):
                break
        frame = frame.f_back
    site = _settle(site, start, frame) or manager
    return lineage.creation_number(site, relation, parent)


def continuation(start: FrameType, past: lineage.Creation) -> int:
    """The number of what goes on, in `start`, from a queryset that was created without a site."""
    here = lineage.creations[creation(start)]
    return lineage.creation_number(here.site if here else 0, past.relation, past.parent)


def _is_manager_method(frame: FrameType, code: CodeType) -> bool:
    """Whether a project's frame is a method of a manager or queryset: its caller's expression
    is where a fix belongs.
    """
    known = _manager_codes.get(id(code))
    if known is None:
        known = (code, classes.is_manager(classes.first_argument(frame)))
        if len(_manager_codes) >= CODES:
            _manager_codes.clear()
        _manager_codes[id(code)] = known
    return known[1]


def _settle(site: int, start: FrameType, end: FrameType | None) -> int:
    """The site, or where there is none, or only a decorator's inside, what stands in for it."""
    if site:
        found = sites.table[site] if site in sites.wrappers else None
        if not isinstance(found, sites.CodeSite):
            return site
        return classes.site_in_stack(start, end, until=found.code) or site
    handed_over = None
    if (end is None or _is_thread_start(end)) and executions.active() is not None:
        handed_over = caller.get()
    if handed_over is not None and handed_over[0]:
        return handed_over[0]
    site = resolvers.site_in_stack(start, end) or classes.site_in_stack(start, end)
    if site or not _is_rendering(start, end):
        return site
    return classes.site_of_view(handed_over[1] if handed_over else classes.view_in(end))


def _is_rendering(start: FrameType, end: FrameType | None) -> bool:
    """Whether the handler renders what a view returned, the view itself being gone."""
    frame: FrameType | None = start
    while frame is not None and frame is not end:
        if roles.get(id(frame.f_code), NO_ROLE)[0] == RESPONSE:
            return True
        frame = frame.f_back
    return False


def _is_thread_start(frame: FrameType) -> bool:
    return roles.get(id(frame.f_code), NO_ROLE)[0] == THREAD


def hand_over(start: FrameType) -> tuple[int, Any]:
    """What a thread that is about to work for this stack should blame: a site, and the view."""
    frame: FrameType | None = start
    while frame is not None:
        code = frame.f_code
        try:
            kind = kinds[code.co_filename]
        except KeyError:
            kind = classify(code, frame.f_globals)
        if kind == PROJECT:
            return sites.of_frame(code, frame.f_lasti), None
        if kind:
            role, _ = roles.get(id(code), NO_ROLE)
            if role == STOP:
                return 0, classes.view_in(frame)
            if role == THREAD:
                break
        frame = frame.f_back
    return caller.get() or (0, None)
