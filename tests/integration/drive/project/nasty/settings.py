"""Settings with everything a driven project may have: two databases, languages, REST, admin."""

import os
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("NASTY_DATA", BASE_DIR))
SECRET_KEY = "not-a-secret"
DEBUG = False
ALLOWED_HOSTS = ["testserver"]
print("settings print to standard output")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "rest_framework",
    "people",
    "shop",
    "archive",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
ROOT_URLCONF = "nasty.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]


def _database(name):
    if os.environ.get("NASTY_POSTGRES"):
        return {
            "ENGINE": "django.db.backends.postgresql",
            "HOST": os.environ["NASTY_POSTGRES"],
            "USER": os.environ.get("NASTY_USER", "postgres"),
            "NAME": f"nuages_{name}",
            "ATOMIC_REQUESTS": name == "nasty",
        }
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": DATA / f"{name}.sqlite3"}


if os.environ.get("NASTY_POSTGRES"):
    INSTALLED_APPS += ["django.contrib.postgres", "ranges"]
    # Apps without migrations may not point at apps that have some.
    MIGRATION_MODULES = dict.fromkeys(("auth", "admin", "contenttypes", "sessions"))
DATABASES = {"default": _database("nasty"), "archive": _database("archive")}
DATABASE_ROUTERS = ["nasty.routers.ArchiveRouter"]
AUTH_USER_MODEL = "people.Member"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("fr", "French")]
USE_I18N = USE_TZ = True
MEDIA_ROOT = DATA / "media"
STATIC_URL = "static/"
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.BasicAuthentication"],
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.PageNumberPagination",
    "PAGE_SIZE": 20,
}
