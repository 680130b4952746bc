"""The models of a project as facts keep them: fields, place, and whose code runs on a write."""

from __future__ import annotations

import re
import sys
import weakref
from collections.abc import Iterator
from typing import Any

from nuages.model import FieldFacts, ModelFacts
from nuages.record import landmarks

SIGNALS = ("pre_save", "post_save", "pre_delete", "post_delete", "m2m_changed")
METHODS = ("save", "delete", "clean", "full_clean")
NOT_HEARD = ("django.", "nuages.")  # whose receivers are left out


def models(registry: Any) -> tuple[ModelFacts, ...]:
    """Every model of the registry, link tables too, in its order."""
    texts: dict[str, str] = {}
    alias = _aliases()
    return tuple(
        _model(model, alias(model), texts)
        for model in registry.get_models(include_auto_created=True)
        if not model._meta.swapped
    )


def _model(model: Any, alias: str, texts: dict[str, str]) -> ModelFacts:
    meta = model._meta
    root, file, line = ("", "", 0) if meta.auto_created else _place(model, texts)
    own = meta.concrete_fields if meta.proxy else meta.local_concrete_fields
    return ModelFacts(
        label=meta.label,
        table=meta.db_table,
        alias=alias,
        file=file,
        line=line,
        root=root or ".",
        fields=tuple(map(_field, own)),
        is_proxy=bool(meta.proxy),
        is_managed=bool(meta.managed),
        parents=tuple(parent._meta.label for parent, link in meta.parents.items() if link),
        signals=tuple(name for name in SIGNALS if _is_heard(name, model)),
        overrides=tuple(name for name in METHODS if _is_overridden(name, model)),
        query_names=dict(_query_names(meta)),
    )


def _query_names(meta: Any) -> Iterator[tuple[str, str]]:
    """Of relations from other models, where the attribute has another name than filters use."""
    for relation in meta.related_objects:
        accessor = relation.get_accessor_name()
        if accessor and accessor != relation.name:
            yield accessor, relation.name


def _field(field: Any) -> FieldFacts:
    related = field.related_model
    return FieldFacts(
        name=field.name,
        column=field.column or "",
        kind=next(
            (cls.__name__ for cls in type(field).__mro__ if cls.__module__.startswith("django.")),
            "",
        ),
        to=related._meta.label if hasattr(related, "_meta") else "",
        is_primary=bool(field.primary_key),
        is_null=bool(field.null),
        is_unique=bool(field.unique),
        is_indexed=bool(field.db_index),
    )


def _aliases() -> Any:
    """Model → alias; routers are asked only where there is a choice, as they are foreign code."""
    from django.db import connections, router

    aliases = list(connections)

    def alias(model: Any) -> str:
        if len(aliases) < 2:
            return "default"
        try:
            return str(router.db_for_write(model))
        except Exception:  # a router that only answers during a request
            return "default"

    return alias


def _place(model: Any, texts: dict[str, str]) -> tuple[str, str, int]:
    """Root, file and line of a model of the project's; ("", "", 0) for a library's."""
    filename = getattr(sys.modules.get(model.__module__), "__file__", None) or ""
    placed = landmarks.place(filename)
    if placed is None:
        return "", "", 0
    if filename not in texts:
        texts[filename] = _read(filename)
    return (*placed, _line(texts[filename], model.__name__))


def _read(filename: str) -> str:
    try:
        with open(filename, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def _line(text: str, name: str) -> int:
    """Of a class statement, by its words: to parse all models would hold up a site's threads."""
    found = re.search(rf"^[ \t]*class[ \t]+{name}\b", text, re.MULTILINE)
    return text.count("\n", 0, found.start()) + 1 if found else 1


def _is_heard(name: str, model: Any) -> bool:
    """Whether a signal about this model has a receiver that is not Django's own."""
    from django.db.models import signals

    senders = {id(None), id(model)}
    if name == "m2m_changed":
        senders |= {id(field.remote_field.through) for field in model._meta.local_many_to_many}
    return any(
        lookup[1] in senders and not _module(reference).startswith(NOT_HEARD)
        for lookup, reference in _receivers(getattr(signals, name))
    )


def _receivers(signal: Any) -> Iterator[tuple[tuple[int, int], Any]]:
    for lookup, reference, *_ in list(signal.receivers):  # Django 5.0 has added to them
        yield lookup, reference() if isinstance(reference, weakref.ReferenceType) else reference


def _module(receiver: Any) -> str:
    """Of a receiver's function or class; "nuages." for one that is gone."""
    if receiver is None:
        return "nuages."
    function = getattr(receiver, "__func__", receiver)
    return str(getattr(function, "__module__", None) or type(receiver).__module__)


def _is_overridden(name: str, model: Any) -> bool:
    """Whether another class than Django's own defines the method."""
    owner = next((cls for cls in model.__mro__ if name in vars(cls)), None)
    return owner is not None and not owner.__module__.startswith("django.")
