"""How a value is written in a URL: by its converter, by the admin, or as part of a date."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from nuages.agent import routes
from nuages.agent.routes import Route

_FORMATS = {
    "year": ("%Y",),
    "month": ("%m", "%b", "%B"),
    "day": ("%d",),
    "week": ("%W", "%V"),
    "date": ("%Y-%m-%d", "%Y%m%d"),
}


def spellings(route: Route, name: str, value: Any, instance: Any) -> list[str]:
    """The texts that may stand for a value of an argument, the likeliest first."""
    if routes.model_admin(route.callback) is not None:
        from django.contrib.admin.utils import quote

        return [str(quote(value))]
    converter = route.converters().get(name)
    values = _parts(route, name, value) if hasattr(value, "strftime") else [value]
    if converter is None:
        return [str(one) for one in values]
    return [text for one in values for text in _converted(converter, one, instance)] or [str(value)]


def _parts(route: Route, name: str, value: Any) -> list[str]:
    """A date's part as the view's `month_format` and the like say, else as is customary."""
    own = getattr(routes.view_class(route.callback), f"{name}_format", None)
    forms = (own,) if isinstance(own, str) else _FORMATS.get(name, ("%Y-%m-%d",))
    texts = [value.strftime(form).lower() for form in forms]
    return texts + [str(int(text)) for text in texts if text.isdigit()]


def _converted(converter: Any, value: Any, instance: Any) -> Iterator[str]:
    """What to_url() makes of the value, or of the whole row: some converters take that."""
    for given in (value, instance):
        with suppress(Exception):
            yield str(converter.to_url(given))
