"""The project's class that stands in for an expression where the stack holds no project frame.

A generic view, an admin or a serializer may run a query with nothing but its class attributes.
"""

from __future__ import annotations

import os
import sys
import sysconfig
from types import CodeType, FrameType
from typing import Any

from nuages.record import landmarks, sites

FIRST_ARGUMENTS = frozenset({"self", "cls", "klass", "view", "serializer", "form"})
# Files whose frames never belong to a view, an admin, a serializer or a form. A serializer's field
# belongs to the serializer that declares it, whose frame is the next.
PLUMBING = tuple(
    os.path.join(*parts)
    for parts in (
        ("django", "db", ""),
        ("django", "core", "handlers", ""),
        ("django", "template", ""),
        ("django", "dispatch", ""),
        ("django", "utils", ""),
        ("rest_framework", "fields.py"),
        ("rest_framework", "relations.py"),
    )
)
# Base classes, of Django, REST framework and what is built like them.
OWNERS = frozenset({
    "View", "BaseModelAdmin", "BaseSerializer", "BaseForm", "BaseFormSet", "BaseCommand", "Feed",
    "Sitemap", "Resource",
})  # fmt: skip
STANDARD_LIBRARY = sysconfig.get_path("stdlib") + os.sep

_plumbing: dict[str, bool] = {}
# By id of a code object, which is kept so that the id stays taken: whether it may be of an owner.
_methods: dict[int, tuple[CodeType, bool]] = {}
METHODS = 20_000
# Of a class: its site, and whether its attributes say what is queried. A weak dictionary would cost
# each frame of the stack half a microsecond.
_known: dict[type, tuple[int, bool]] = {}
CLASSES = 20_000


def forget() -> None:
    """Judge classes anew: the project's roots have changed."""
    _known.clear()


def site_in_stack(start: FrameType, end: FrameType | None, until: CodeType | None = None) -> int:
    """The innermost project class whose method, in somebody else's file, is running.

    A view, an admin, a serializer or a form comes before what only serves it, as a paginator or
    a filter does.
    """
    servant = 0
    frame: FrameType | None = start
    while frame is not None and frame is not end and frame.f_code is not until:
        code = frame.f_code
        known = _methods.get(id(code))
        if known is None:
            if len(_methods) >= METHODS:
                _methods.clear()
            is_method = not _is_plumbing(code.co_filename) and takes_itself(code)
            known = _methods[id(code)] = code, is_method
        if known[1]:
            value = frame.f_locals.get(code.co_varnames[0])
            if value is not None:
                kind = type(value)  # isinstance() would evaluate what is lazy
                cls = value if issubclass(kind, type) else kind
                site, is_owner = _known.get(cls) or _learn(cls)
                if is_owner and site:
                    return site
                servant = servant or site
        frame = frame.f_back
    return servant


def _is_plumbing(filename: str) -> bool:
    known = _plumbing.get(filename)
    if known is None:
        library = filename.startswith(STANDARD_LIBRARY) and "-packages" not in filename
        known = library or any(part in filename for part in PLUMBING) or filename[:1] == "<"
        if len(_plumbing) >= landmarks.FILES:
            _plumbing.clear()
        _plumbing[filename] = known
    return known


def takes_itself(code: CodeType) -> bool:
    """Whether a function's first argument is named like a method's."""
    return code.co_argcount > 0 and code.co_varnames[0] in FIRST_ARGUMENTS


def first_argument(frame: FrameType) -> Any:
    """The value of a method's first argument; None where it isn't named like one."""
    code = frame.f_code
    return frame.f_locals.get(code.co_varnames[0]) if takes_itself(code) else None


def class_of(value: Any) -> type:
    """A value's class, or the value if it is one; isinstance() would evaluate what is lazy."""
    return value if issubclass(type(value), type) else type(value)


def is_manager(value: Any) -> bool:
    """Whether a value is a manager or a queryset, or a class of them."""
    return _descends(value, "BaseManager", "QuerySet", "RawQuerySet")


def site_of_class(cls: type) -> int:
    """The site of the innermost project class in the ancestry; models and managers have none."""
    return (_known.get(cls) or _learn(cls))[0]


def _learn(cls: type) -> tuple[int, bool]:
    if len(_known) >= CLASSES:  # made at run time
        _known.clear()
    is_owner = any(base.__name__ in OWNERS for base in cls.__mro__)
    known = _known[cls] = _find(cls), is_owner
    return known


def _find(cls: type) -> int:
    if _descends(cls, "BaseManager", "QuerySet", "RawQuerySet", "Model"):
        return 0
    for ancestor in cls.__mro__[:-1]:
        module = sys.modules.get(ancestor.__module__)
        filename = getattr(module, "__file__", None)
        if filename and landmarks.is_project_file(filename):
            return sites.of_class(ancestor)
    return 0


def _descends(value: Any, *names: str) -> bool:
    """Whether a class, or a value's, descends from one of django.db.models by these names."""
    cls = class_of(value)
    return any(
        ancestor.__name__ in names and ancestor.__module__.startswith("django.db.models.")
        for ancestor in cls.__mro__
    )


def view_in(frame: FrameType | None) -> Any:
    """The view that a frame of Django's handler is calling."""
    if frame is None or "callback" not in frame.f_code.co_varnames:
        return None
    return frame.f_locals.get("callback")


def site_of_view(view: Any) -> int:
    """The class or function of the project behind a view as the resolver gives it."""
    for _ in range(20):  # decorators around decorators
        if view is None:
            return 0
        for name in ("view_class", "cls", "model_admin", "__self__"):
            owner = getattr(view, name, None)
            if owner is not None:
                site = site_of_class(class_of(owner))
                if site:
                    return site
        code = getattr(view, "__code__", None)
        if not hasattr(view, "__wrapped__"):
            if isinstance(code, CodeType) and landmarks.is_project_file(code.co_filename):
                return sites.of_function(code)
            return 0
        view = view.__wrapped__
    return 0
