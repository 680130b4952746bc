"""Users who are logged in already: sessions and tokens, ready for whoever puts load on the site."""

from __future__ import annotations

import importlib
from datetime import timedelta
from typing import Any

from nuages.agent.volume.pool import PASSWORD

_BATCH = 1000
_KEY = 32  # characters of a session's key


def made(count: int) -> dict[str, Any]:
    """{"password", "users": [{"user", "login", "cookie", "token"}], "note"} of active users."""
    from nuages.agent.users import user_model

    model = user_model()
    names = {field.name for field in model._meta.concrete_fields}
    active = {"is_active": True} if "is_active" in names else {}
    rows = list(model._base_manager.filter(**active).order_by("pk")[:count])
    cookies, note = _cookies(rows)
    tokens = _tokens(rows)
    users = [
        {
            "user": str(row.pk),
            "login": str(row.get_username()),
            "cookie": cookies.get(row.pk),
            "token": tokens.get(row.pk),
        }
        for row in rows
    ]
    return {"password": PASSWORD, "users": users, "note": note}


def _cookies(users: list[Any]) -> tuple[dict[Any, dict[str, str]], str]:
    """The session cookie of each user, and why there is none."""
    from django.conf import settings

    engine = str(getattr(settings, "SESSION_ENGINE", ""))
    store = importlib.import_module(engine).SessionStore if engine else None
    if store is None:
        return {}, "the project has no sessions"
    if engine.endswith("signed_cookies"):
        values = {user.pk: _signed(store, user) for user in users}
    elif hasattr(store, "get_model_class"):
        values = _stored(store, users)
    else:
        return {}, f"sessions of {engine} are not in the database: log in, or change the engine"
    name = settings.SESSION_COOKIE_NAME
    return {key: {name: value} for key, value in values.items()}, ""


def _data(user: Any) -> dict[str, str]:
    from django.conf import settings
    from django.contrib import auth

    return {
        auth.SESSION_KEY: user._meta.pk.value_to_string(user),
        auth.BACKEND_SESSION_KEY: str(settings.AUTHENTICATION_BACKENDS[0]),
        auth.HASH_SESSION_KEY: user.get_session_auth_hash(),
    }


def _signed(store: Any, user: Any) -> str:
    session = store()
    session.update(_data(user))
    return str(session._get_session_key())


def _stored(store: Any, users: list[Any]) -> dict[Any, str]:
    from django.utils import timezone
    from django.utils.crypto import get_random_string

    model = store.get_model_class()
    expires = timezone.now() + timedelta(days=30)
    keys = {user.pk: get_random_string(_KEY, "abcdefghijklmnopqrstuvwxyz0123456789")
            for user in users}  # fmt: skip
    rows = [
        model(
            session_key=keys[user.pk],
            session_data=store().encode(_data(user)),
            expire_date=expires,
        )
        for user in users
    ]
    model._base_manager.bulk_create(rows, batch_size=_BATCH)
    return keys


def _tokens(users: list[Any]) -> dict[Any, str]:
    """The tokens of Django REST framework, which are rows like others."""
    from django.apps import apps

    if not apps.is_installed("rest_framework.authtoken"):
        return {}
    tokens = apps.get_model("authtoken", "Token")._base_manager
    held = tokens.filter(user_id__in=[user.pk for user in users])
    return dict(held.values_list("user_id", "key"))
