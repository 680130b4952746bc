"""Settings of a project that tries to get out."""

from pathlib import Path

BASE_DIR = Path(__file__).parent
SECRET_KEY = "not secret"
ALLOWED_HOSTS = ["testserver"]
INSTALLED_APPS = ["raids"]
ROOT_URLCONF = "urls"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
EMAIL_HOST = "127.0.0.1"
EMAIL_TIMEOUT = 5
USE_TZ = True
