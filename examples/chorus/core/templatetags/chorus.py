from django import template

from core.flags import flag_enabled

register = template.Library()


@register.simple_tag
def flag(name, default=False):
    return flag_enabled(name, default)


@register.filter
def initials(name):
    return "".join(part[0].upper() for part in str(name).split()[:2])


@register.simple_tag(takes_context=True)
def query(context, **changes):
    """The current query string with some parameters changed."""
    parameters = context["request"].GET.copy()
    for key, value in changes.items():
        parameters[key] = value
    return "?" + parameters.urlencode()
