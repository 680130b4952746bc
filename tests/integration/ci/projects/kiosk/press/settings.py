"""A kiosk: papers and who writes them."""

SECRET_KEY = "kiosk"
INSTALLED_APPS = ["django.contrib.contenttypes", "press"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ROOT_URLCONF = "press.urls"
ALLOWED_HOSTS = ["*"]
MIDDLEWARE = []
USE_TZ = True
