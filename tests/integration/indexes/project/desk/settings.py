"""Settings that name the scratch server by the environment."""

import os

SECRET_KEY = "not secret"
USE_TZ = True
TIME_ZONE = "UTC"
INSTALLED_APPS = ["django.contrib.postgres", "desk"]
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "nuages_desk",
        "USER": "nuages",
        "HOST": os.environ["DESK_SOCKETS"],
    }
}
