"""Facts as the agent tells them, and as a recording's file holds them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from nuages.catalogs import catalogs_from
from nuages.model import Facts, FieldFacts, ModelFacts

SETS = ("explicit", "changed")
# Values of Facts.server that answer the requests of a site.
WEB_SERVERS = (
    "daphne", "granian", "gunicorn", "hypercorn", "mod_wsgi", "uvicorn", "uwsgi", "waitress",
)  # fmt: skip


def facts_from(text: str | None) -> Facts:
    """What record.facts.to_json() made a text of; nothing of nothing. ValueError, TypeError or
    LookupError for another text.
    """
    if not text:
        return Facts()
    told = json.loads(text)
    return Facts(
        **{
            **told,
            **{name: frozenset(told.get(name, ())) for name in SETS},
            "models": tuple(map(_model, told.get("models", ()))),
            "catalogs": catalogs_from(told.get("catalogs", {})),
        }
    )


def _model(told: Mapping[str, Any]) -> ModelFacts:
    several = {name: tuple(told.get(name, ())) for name in ("parents", "signals", "overrides")}
    fields = tuple(FieldFacts(**field) for field in told.get("fields", ()))
    return ModelFacts(**{**told, **several, "fields": fields})
