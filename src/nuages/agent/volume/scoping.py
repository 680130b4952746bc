"""Managers that only answer inside a tenant's scope (django-scopes), asked about all of them."""

from __future__ import annotations

import importlib
from contextlib import AbstractContextManager, nullcontext
from importlib.util import find_spec


def everywhere() -> AbstractContextManager[object]:
    """Lifts the library's guard for a block, where the project has it."""
    if find_spec("django_scopes") is None:
        return nullcontext()
    lifted: AbstractContextManager[object] = importlib.import_module(
        "django_scopes"
    ).scopes_disabled()
    return lifted
