"""The settings of a site that is recorded in production."""

import json
import os

from config.settings import *  # noqa: F403
from config.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "nuages.django"]
NUAGES = json.loads(os.environ.get("LIBRARY_NUAGES", "{}"))
