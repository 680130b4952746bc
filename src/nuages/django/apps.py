"""The app: starts the recorder once Django is ready."""

from __future__ import annotations

from django.apps import AppConfig
from django.core import checks

from nuages.django.attaching import start
from nuages.django.checks import check_setting, check_spool
from nuages.django.settings import SettingError
from nuages.record import faults


class NuagesConfig(AppConfig):
    """`nuages.django` in INSTALLED_APPS."""

    name = "nuages.django"
    label = "nuages"
    verbose_name = "nuages"

    def ready(self) -> None:
        """Record from now on; whatever stands against it stops nothing."""
        checks.register(check_setting)
        checks.register(check_spool)
        try:
            start()
        except SettingError:  # the check tells of it
            return
        except Exception:
            faults.note()
