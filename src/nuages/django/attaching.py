"""The recorder as the setting NUAGES describes it."""

from __future__ import annotations

import os

from nuages.agent.attach import VARIABLE, AttachConfig
from nuages.django.places import labelled, project_roots, spool_of
from nuages.django.settings import NuagesSettings
from nuages.record import recorder


def start() -> None:
    """Install the recorder, unless it is off or a command of nuages has installed its own.

    Raises SettingError when the setting cannot be meant.
    """
    told = NuagesSettings.from_django()
    if told.enabled and VARIABLE not in os.environ and not recorder.is_installed():
        recorder.install(config_of(told))


def config_of(told: NuagesSettings) -> AttachConfig:
    """What the recorder is to do."""
    roots = labelled(told.roots) if told.roots else _roots()
    return AttachConfig(
        roots=roots,
        mode="deep" if told.mode == "deep" else "light",
        spool=told.spool or str(spool_of(next(iter(roots.values())))),
        flush_seconds=told.flush_seconds,
        sample_every=told.sample_every,
        kept=told.keep,
    )


def _roots() -> dict[str, str]:
    from django.conf import settings

    module = getattr(settings, "SETTINGS_MODULE", None)
    return project_roots(getattr(settings, "BASE_DIR", None), module)
