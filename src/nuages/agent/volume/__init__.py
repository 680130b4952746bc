"""The agent's part of filling at volume: what there is to fill, and pools of right values."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from nuages.agent.fill.order import Step
from nuages.agent.volume import logins, pool, sample, scoping, units


class Volume:
    """State between calls: the models in their order."""

    def __init__(self) -> None:
        self._steps: dict[str, Step] = {}

    def units(
        self, asked: Collection[str] = (), everything: bool = False, seed: int = 1
    ) -> dict[str, Any]:
        """{"units": as `units.described` says, in order, "skipped": {label: why},
        "databases": {alias: how to connect}}."""
        steps, skipped = units.steps(asked, everything=everything)
        self._steps = {step.model._meta.label: step for step in steps}
        return {
            "units": [units.described(step, seed, everything=everything) for step in steps],
            "skipped": skipped,
            "databases": {alias: _connection(alias) for alias in {step.alias for step in steps}},
        }

    def pool(self, label: str, size: int, seed: int = 1, seconds: float = 20.0) -> dict[str, Any]:
        """As `pool.pool` says, for a model that `units` named."""
        with scoping.everywhere():
            return pool.pool(self._steps[label], size, seed, seconds)

    def judge(self, label: str, size: int = 20) -> dict[str, Any]:
        """As `sample.judged` says."""
        with scoping.everywhere():
            return sample.judged(self._steps[label], size)

    def logins(self, count: int) -> dict[str, Any]:
        """As `logins.made` says."""
        return logins.made(count)


def _connection(alias: str) -> dict[str, str]:
    """Where the project's own connection leads."""
    from django.db import connections

    connection = connections[alias]
    settings = connection.settings_dict
    names = ("NAME", "HOST", "PORT", "USER", "PASSWORD")
    told = {name.lower(): str(settings.get(name) or "") for name in names}
    return {"vendor": connection.vendor, **told}
