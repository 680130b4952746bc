"""A project whose schema is as odd as those of old ones: a swapped user, two databases."""

SECRET_KEY = "nothing to protect in here"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.postgres",
    "hard",
]
AUTH_USER_MODEL = "hard.Person"
MIDDLEWARE = ["django.contrib.sessions.middleware.SessionMiddleware"]
DATABASES = {
    "default": {"ENGINE": "django.db.backends.postgresql", "NAME": "hard"},
    "events": {"ENGINE": "django.db.backends.postgresql", "NAME": "hard_events"},
}
DATABASE_ROUTERS = ["hard.routers.EventsRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
USE_TZ = True
