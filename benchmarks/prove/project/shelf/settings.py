"""Settings; SLOWDOWN is what a version is slower by."""

SLOWDOWN = 0.0
SECRET_KEY = "a benchmark's"
DEBUG = False
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "shelf.urls"
USE_TZ = True
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "shelf"]
MIDDLEWARE = ["shelf.slowdown.slowdown", "django.middleware.common.CommonMiddleware"]
DATABASES = {
    "default": {"ENGINE": "django.db.backends.postgresql", "NAME": "shelf", "CONN_MAX_AGE": 60}
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEMPLATES = [
    {"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True, "OPTIONS": {}}
]
