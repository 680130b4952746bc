"""A router that reads from replicas, and lets nobody miss what they have just written."""

from __future__ import annotations

import random
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, router

from nuages.django import positions


class ReplicaRouter:
    """First in DATABASE_ROUTERS: those after it say which database, this one which copy of it.

    A read goes to a replica inside a request whose method is safe, that the middleware
    `nuages.django.middleware.ReadYourWrites` has let in; not in a transaction, not after a write
    in the same request, and not before the replica has what the client has written. Commands and
    tasks read from the primary, unless they say `with nuages.django.positions.reading():`.
    """

    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        """A replica of the database that the other routers say, where one may serve."""
        said = self._ask_others("db_for_read", model, hints)
        primary = said or self._primary_of_instance(hints) or DEFAULT_DB_ALIAS
        told = positions.current()
        candidates = positions.replicas().get(primary)
        if told is None or not candidates or told.on_primary or primary in told.wrote:
            return said or (primary if candidates else None)
        if connections[primary].in_atomic_block:
            return primary
        usable = (alias for alias in _shuffled(candidates)
                  if positions.may_serve(told, primary, alias))  # fmt: skip
        return next(usable, primary)

    def db_for_write(self, model: Any, **hints: Any) -> str | None:
        """The primary, whatever copy an instance was read from; from now on reads go there too."""
        said = self._ask_others("db_for_write", model, hints)
        primary = said or self._primary_of_instance(hints)
        if told := positions.current():
            told.wrote.add(primary or DEFAULT_DB_ALIAS)
        return primary

    def allow_relation(self, one: Any, other: Any, **_: Any) -> bool | None:
        """Rows of one database may be related, whichever copies they were read from."""
        first, second = self._primary(one._state.db), self._primary(other._state.db)
        return True if first and first == second else None

    def allow_migrate(self, db: str, app_label: str, **_: Any) -> bool | None:
        """Nothing is migrated on a replica."""
        return False if self._is_replica(db) else None

    def _ask_others(self, method: str, model: Any, hints: dict[str, Any]) -> str | None:
        for each in router.routers:
            ask = None if isinstance(each, ReplicaRouter) else getattr(each, method, None)
            if ask and (said := ask(model, **hints)):
                return str(said)
        return None

    def _primary_of_instance(self, hints: dict[str, Any]) -> str | None:
        instance = hints.get("instance")
        return self._primary(instance._state.db) if instance is not None else None

    def _primary(self, alias: str | None) -> str | None:
        for primary, copies in positions.replicas().items():
            if alias in copies:
                return primary
        return alias

    def _is_replica(self, alias: str) -> bool:
        return any(alias in copies for copies in positions.replicas().values())


def _shuffled(aliases: list[str]) -> list[str]:
    return random.sample(aliases, len(aliases)) if len(aliases) > 1 else aliases
