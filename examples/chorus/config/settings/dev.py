from config import env

from .base import *  # noqa: F403

SECRET_KEY = env.text("SECRET_KEY", "development-only-nothing-to-protect-in-here")
ALLOWED_HOSTS = env.names("ALLOWED_HOSTS", "*")
EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
