"""The users behind the actors: chosen among those who own rows, or made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

POWERS = ("is_superuser", "is_administrator", "is_admin", "is_staff")
_LET_IN = ("is_active", "is_verified", "email_verified", "is_approved", "is_confirmed")


def chosen_user(*, staff: bool) -> Any:
    """The fitting user with most rows of their own, else a new one."""
    from nuages.agent import popularity

    model = user_model()
    ranked = popularity.ranked(model)
    for fitting in _fitting(model, staff):
        known = set(fitting.values_list("pk", flat=True)[:20000])
        best = next((pk for pk in ranked if pk in known), None)
        if best is None:
            best = fitting.order_by("pk").values_list("pk", flat=True).first()
        if best is not None:
            return model._base_manager.get(pk=best)
    return create_user(staff=staff)


def _fitting(model: Any, staff: bool) -> Iterator[Any]:
    """Active users without any power, or those with one, the greatest first."""
    names = {field.name for field in model._meta.concrete_fields}
    users = model._base_manager.all()
    if "is_active" in names:
        users = users.filter(is_active=True)
    powers = [name for name in POWERS if name in names]
    if staff:
        yield from (users.filter(**{name: True}) for name in powers)
    else:
        yield users.filter(**dict.fromkeys(powers, False))


def create_user(*, staff: bool) -> Any:
    """A new user by the project's own manager, so that its signals fire; else by the fill."""
    from django.db import transaction

    from nuages.agent.fill import columns

    model = user_model()
    name = "nuages-staff" if staff else "nuages-user"
    manager = model._default_manager
    try:
        make = manager.create_superuser if staff else manager.create_user
        with transaction.atomic(using=manager.db):
            user = make(**columns.required_values(model, name), password="nuages-scratch-only")
    except Exception:
        user = columns.build(model, name)
        _allow(user, [power for power in POWERS if staff])
        user.save()
    if _allow(user, _LET_IN):
        user.save()
    return user


def _allow(user: Any, flags: Iterable[str]) -> bool:
    """Set the flags that this user model has; whether there was one."""
    names = {field.name for field in user._meta.concrete_fields}
    known = [flag for flag in flags if flag in names]
    for flag in known:
        setattr(user, flag, True)
    return bool(known)


def user_model() -> Any:
    from django.apps import apps
    from django.contrib.auth import get_user_model

    if not apps.is_installed("django.contrib.auth"):
        raise LookupError("django.contrib.auth is not installed")
    return get_user_model()
