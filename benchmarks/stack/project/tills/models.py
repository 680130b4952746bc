"""What is sold."""

from django.db import models


class Entry(models.Model):
    """One sale, by a key that its sender made up."""

    key = models.CharField(max_length=64, unique=True)
    written = models.DateTimeField(auto_now_add=True)
