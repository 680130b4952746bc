"""The app: starts the recorder once Django is ready."""

from __future__ import annotations

import logging

from django.apps import AppConfig
from django.core import checks

from nuages.django.attaching import start
from nuages.django.checks import check_setting, check_spool
from nuages.django.settings import SettingError

_log = logging.getLogger("nuages")


class NuagesConfig(AppConfig):
    """`nuages.django` in INSTALLED_APPS."""

    name = "nuages.django"
    label = "nuages"
    verbose_name = "nuages"

    def ready(self) -> None:
        """Record from now on; whatever stands against it is told and stops nothing."""
        checks.register(check_setting)
        checks.register(check_spool)
        try:
            start()
        except SettingError as error:
            _log.warning("Nothing is recorded. %s %s", error.message, error.hint)
        except Exception:
            _log.warning("Nothing is recorded: nuages failed.", exc_info=True)
