"""Settings of a shop in production: PostgreSQL, no pool, no CONN_MAX_AGE."""

import json
import os

SECRET_KEY = "not a secret"
DEBUG = False
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "config.urls"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = ["shop"]
MIDDLEWARE = ["shop.middleware.Countries"]
EMAIL_PORT = int(os.environ["ORDERS_MAIL"])
POSTGRES = {"ENGINE": "django.db.backends.postgresql", **json.loads(os.environ["ORDERS_POSTGRES"])}
DATABASES = {
    "default": POSTGRES,
    "ledger": {**POSTGRES, "ATOMIC_REQUESTS": True},
}
