"""Tags of somebody else's."""

from django import template

register = template.Library()


@register.simple_tag
def names(rows, relation):
    return ", ".join(str(getattr(row, relation).name) for row in rows)
