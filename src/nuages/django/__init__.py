"""The app for INSTALLED_APPS: records a site in production."""
