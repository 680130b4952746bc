"""Triggers: the template line or serializer field on whose behalf a query was made."""

from __future__ import annotations

from types import FrameType, ModuleType
from typing import Any

from nuages.record import landmarks, sites


def of_node(frame: FrameType) -> int:
    """The template line of the node that is rendered in the frame, 0 when it has none."""
    try:
        node = frame.f_locals["self"]
        origin, line = node.origin, node.token.lineno
        return sites.of_template(origin.name, line) or sites.of_new_template(
            str(origin.name), str(origin.template_name or origin.name), line
        )
    except (AttributeError, KeyError, TypeError):  # a node of somebody's own making
        return 0


def of_jinja(frame: FrameType) -> int:
    """The template line behind a line of Jinja2's compiled code."""
    template: Any = frame.f_globals.get("__jinja_template__")
    name = getattr(template, "name", None)
    if name is None:
        return 0
    line = template.get_corresponding_lineno(frame.f_lineno)
    file = str(template.filename or name)
    return sites.of_template(file, line) or sites.of_new_template(file, str(name), line)


def of_serializer(frame: FrameType) -> int:
    """The field that a REST framework serializer is reading or writing in the frame."""
    values = frame.f_locals
    serializer, field = values.get("self"), values.get("field")
    name = getattr(field, "field_name", None)
    return sites.of_field(type(serializer), str(name)) if serializer is not None and name else 0


def mark_templates(module: ModuleType) -> None:
    """Make known the frames of django.template.base."""
    landmarks.add(module.Node.render_annotated, landmarks.TEMPLATE_NODE)


def mark_serializers(module: ModuleType) -> None:
    """Make known the frames of rest_framework.serializers."""
    for method in (module.Serializer.to_representation, module.Serializer.to_internal_value):
        landmarks.add(method, landmarks.SERIALIZER)


def mark_responses(module: ModuleType) -> None:
    """Make known the frames of django.template.response."""
    landmarks.add(module.SimpleTemplateResponse.render, landmarks.RESPONSE)
