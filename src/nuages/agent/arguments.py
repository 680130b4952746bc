"""What each argument of a route stands for: a column of some model, or a value known otherwise."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from nuages.agent import lookups, matching, routes
from nuages.agent.routes import Route

_KEYS = ("pk", "id", "uuid", "guid", "uid", "slug", "code", "key", "token", "name", "username",
         "email", "number", "identifier", "reference", "ref", "hash")  # fmt: skip
_SUFFIX = re.compile(rf"^(?P<model>.+?)_?(?P<field>{'|'.join(_KEYS)}|no|num|nr)$")
_DATES = ("year", "month", "day", "week", "date")
_PLAIN = ("pk", "id", "object_id", "objectid", "obj_id", "instance_id", "item_id", "lookup")


@dataclass(frozen=True)
class Column:
    """An argument that holds a column's value; `path` may lead over foreign keys."""

    model: Any
    path: str


@dataclass(frozen=True)
class Constant:
    """An argument whose values need no rows."""

    values: tuple[str, ...]


Meaning = Column | Constant


def main_model(route: Route) -> Any:
    """The model that a route is about; None when nothing says so."""
    admin = routes.model_admin(route.callback)
    if admin is not None:
        return admin.model
    declared = lookups.declared_model(routes.view_class(route.callback))
    if declared is not None:
        return declared
    return next(iter(lookups.mentioned_models(route.callback)), None)


def meanings(route: Route, name: str) -> list[Meaning]:
    """What an argument may stand for, the surest reading first."""
    found: list[Meaning] = []
    for reading in (
        _known,
        _dated,
        _looked_up,
        _declared,
        _admin,
        _segment,
        _telling,
        _named,
        _by_field,
        _last,
    ):
        for meaning in reading(route, name):
            if meaning not in found and _exists(meaning):
                found.append(meaning)
    return found


def _exists(meaning: Meaning) -> bool:
    if isinstance(meaning, Constant):
        return bool(meaning.values)
    model = meaning.model
    for part in meaning.path.split("__"):
        field = _field(model, part)
        if field is None:
            return False
        model = field.related_model or model
    return not meaning.model._meta.swapped


def _field(model: Any, name: str) -> Any:
    if name == "pk":
        return model._meta.pk
    for field in model._meta.get_fields():
        if field.name == name or getattr(field, "attname", None) == name:
            return field
    return None


def _known(route: Route, name: str) -> Iterator[Meaning]:
    """Arguments that mean the same everywhere, and those whose pattern lists its words."""
    from django.conf import settings

    words = matching.words(route.expression, name)
    if words:
        yield Constant(tuple(words))
    if name == "page":
        yield Constant(("1", "2"))
    elif name == "format":
        yield Constant(("json",))
    elif name in ("lang", "language", "language_code", "locale"):
        yield Constant((settings.LANGUAGE_CODE, settings.LANGUAGE_CODE.split("-")[0]))
    elif re.search(r"(^|_)(app|app_label|app_name|model|model_name)$", name):
        yield from _content_type("app_label" if "app" in name else "model")


def _content_type(column: str) -> Iterator[Meaning]:
    """The name of an app or of a model: both from one content type, so that they agree."""
    from django.apps import apps

    if apps.is_installed("django.contrib.contenttypes"):
        yield Column(apps.get_model("contenttypes", "ContentType"), column)


def _dated(route: Route, name: str) -> Iterator[Meaning]:
    """Parts of a date: of the view's `date_field`, else of the model's most telling date."""
    if name not in _DATES:
        return
    model = main_model(route)
    if model is None:
        return
    declared = getattr(routes.view_class(route.callback), "date_field", None)
    dates = [f for f in model._meta.concrete_fields if "Date" in f.get_internal_type()]
    dates.sort(key=lambda f: (f.name != declared, not re.search("pub|date|creat|start", f.name)))
    for field in dates[:1]:
        yield Column(model, f"{field.name}")


def _looked_up(route: Route, name: str) -> Iterator[Meaning]:
    """The view's own source compares it with something."""
    for model, path in lookups.of_view(route.callback).get(name, ()):
        yield Column(model, path)


def _declared(route: Route, name: str) -> Iterator[Meaning]:
    """Attributes by which class-based views of Django and REST framework say it."""
    cls, model = routes.view_class(route.callback), main_model(route)
    if cls is None or model is None:
        return
    initial = getattr(route.callback, "view_initkwargs", None) or getattr(
        route.callback, "initkwargs", {}
    )

    def said(attribute: str) -> Any:
        return initial.get(attribute, getattr(cls, attribute, None))

    lookup = said("lookup_field")
    if lookup and name == (said("lookup_url_kwarg") or lookup):
        yield Column(model, lookups.without_comparison(lookup))
    if name == said("slug_url_kwarg") and said("slug_field"):
        yield Column(model, said("slug_field"))
    if name == said("pk_url_kwarg"):
        yield Column(model, "pk")


def _admin(route: Route, name: str) -> Iterator[Meaning]:
    admin = routes.model_admin(route.callback)
    if admin is not None and name in ("object_id", "id", "pk"):
        yield Column(admin.model, "pk")


def _telling(route: Route, name: str) -> Iterator[Meaning]:
    """Only one model of the project has a column of that name, and it is no common one."""
    from django.apps import apps

    if "_" not in name or name in _PLAIN:
        return
    having = [m for m in apps.get_models() if any(f.name == name for f in _own_columns(m))]
    if len(having) == 1:
        yield Column(having[0], name)


def _own_columns(model: Any) -> Iterator[Any]:
    """Columns but for keys of other rows and those that a parent's table holds."""
    return (field for field in model._meta.local_concrete_fields if not field.is_relation)


def _named(route: Route, name: str) -> Iterator[Meaning]:
    """The name holds a model and a column (`post_pk`), a relation, or just a model (`event`)."""
    model = main_model(route)
    lowered = name.lower()
    if lowered in _PLAIN and model is not None:
        yield Column(model, "pk")
    if lowered in ("username", "user", "user_id", "user_pk", "userid", "author", "owner"):
        yield from _user(lowered)
    split = _SUFFIX.match(lowered)
    stem, column = (split["model"], split["field"]) if split else (lowered, "")
    column = {"no": "number", "num": "number", "nr": "number", "id": "pk"}.get(column, column)
    for other in _models_called(stem, route, model):
        yield from _columns(other, route, name, column)


def _user(name: str) -> Iterator[Meaning]:
    from django.conf import settings
    from django.contrib.auth import get_user_model

    if "django.contrib.auth" in settings.INSTALLED_APPS or hasattr(settings, "AUTH_USER_MODEL"):
        user = get_user_model()
        yield Column(user, "pk" if name.endswith(("id", "pk")) else user.USERNAME_FIELD)


def _columns(model: Any, route: Route, name: str, column: str) -> Iterator[Meaning]:
    """The named column, else those a converter lets through, slugs before keys."""
    if column:
        yield Column(model, column)
    converter = route.converters().get(name)
    kind = type(converter).__name__ if converter is not None else ""
    if kind not in ("IntConverter", "UUIDConverter"):
        for telling in ("slug", "code", "name", "key", "username"):
            yield Column(model, telling)
    yield Column(model, "pk")


def _models_called(stem: str, route: Route, main: Any) -> Iterator[Any]:
    """Models whose name is `stem`: a relation of the main model, its app, the view's, any."""
    from django.apps import apps

    if main is not None:
        field = _field(main, stem)
        if field is not None and field.related_model:
            yield field.related_model
    app = routes.dotted(route.callback).split(".")
    near = main._meta.app_label if main is not None else ""
    for wanted in _spellings(stem):
        called = [m for m in apps.get_models() if m._meta.model_name in (wanted, singular(wanted))]
        yield from sorted(
            called, key=lambda m: (m._meta.app_label != near, m._meta.app_label not in app)
        )


def _spellings(stem: str) -> Iterator[str]:
    """A model's name in a longer one: `parent_page`, `page_to_move`, `blog-post`."""
    parts = [part for part in re.split(r"[_-]", stem) if part]
    for start in range(len(parts)):
        yield "".join(parts[start:])
    for end in range(len(parts) - 1, 0, -1):
        yield "".join(parts[:end])


def singular(word: str) -> str:
    """An English plural without its ending, good enough to compare with a model's name."""
    for ending, replacement in (("ies", "y"), ("sses", "ss"), ("ches", "ch"), ("xes", "x")):
        if word.endswith(ending):
            return word[: -len(ending)] + replacement
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def _segment(route: Route, name: str) -> Iterator[Meaning]:
    """The path segment before a key: `posts/<int:pk>/` is about Post, whatever the view."""
    marker = re.search(rf"([\w-]+)/(?:\^)?(?:<(?:\w+:)?{name}>|\(\?P<{name}>)", route.pattern)
    if marker is None or name.lower() not in (*_PLAIN, *_KEYS):
        return
    main = main_model(route)
    for model in _models_called(marker[1].lower(), route, main):
        if main is None or (model is not main and _is_inner(route, name)):
            column = "pk" if name.lower() in _PLAIN else name.lower()
            yield Column(model, column)


def _is_inner(route: Route, name: str) -> bool:
    """Whether other arguments follow: then this one is rather a parent's."""
    return list(route.converters())[-1:] != [name]


def _by_field(route: Route, name: str) -> Iterator[Meaning]:
    """A column of the main model, or of any model the view mentions, has the same name."""
    for model in (main_model(route), *lookups.mentioned_models(route.callback)):
        field = _field(model, name) if model is not None else None
        if field is None or not getattr(field, "concrete", False):
            continue
        if not field.is_relation:
            yield Column(model, name)
        else:
            yield from _columns(field.related_model, route, name, "")


def _last(route: Route, name: str) -> Iterator[Meaning]:
    """Nothing fits by name: the key of the main model, when this is the only argument."""
    model = main_model(route)
    if model is not None and len(route.converters()) <= 1 and name not in _DATES:
        yield from _columns(model, route, name, "pk" if name.lower().endswith(("id", "pk")) else "")
