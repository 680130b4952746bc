from .base import *  # noqa: F403

LOADERS = ["django.template.loaders.filesystem.Loader"]
TEMPLATES[0]["OPTIONS"]["loaders"] = LOADERS  # noqa: F405
MIDDLEWARE += ["django.middleware.common.CommonMiddleware"]  # noqa: F405
