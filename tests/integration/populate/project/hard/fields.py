import base64

from django.db import models


class SealedField(models.TextField):
    """Stored other than it is read, as encrypted fields are."""

    def get_prep_value(self, value):
        return None if value is None else "sealed:" + base64.b64encode(value.encode()).decode()

    def from_db_value(self, value, expression, connection):
        return None if value is None else base64.b64decode(value.removeprefix("sealed:")).decode()


class WordsField(models.TextField):
    """Takes lists only."""

    def get_prep_value(self, value):
        if not isinstance(value, list):
            raise TypeError("a list is wanted")
        return ";".join(value)

    def from_db_value(self, value, expression, connection):
        return value.split(";") if value else []

    def to_python(self, value):
        return value


class OnceField(models.SlugField):
    """Looks in its own table for what others have, before it is stored."""

    def pre_save(self, instance, add):
        number = type(instance)._base_manager.exclude(pk=instance.pk).count()
        return f"{instance._meta.model_name}-{number}"
