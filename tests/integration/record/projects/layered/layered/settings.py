"""Settings; which middleware there is, the environment says."""

import os

SECRET_KEY = "not a secret"
DEBUG = bool(os.environ.get("LAYERED_DEBUG"))
ADMINS = [("Ann", "ann@example.org")]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
]
MIDDLEWARE = os.environ["LAYERED_MIDDLEWARE"].split()
ROOT_URLCONF = "layered.urls"
SESSION_ENGINE = os.environ.get(
    "LAYERED_SESSIONS", "django.contrib.sessions.backends.signed_cookies"
)
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [os.path.join(os.path.dirname(os.path.dirname(__file__)), "templates")],
    },
]
USE_TZ = True
