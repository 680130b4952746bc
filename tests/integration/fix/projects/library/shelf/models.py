"""Books, with much to say of each."""

from django.db import models


class Book(models.Model):
    title = models.CharField(max_length=50)
    pages = models.IntegerField(default=0)
    is_lent = models.BooleanField(default=False)
    blurb = models.TextField(default="")
    notes = models.TextField(default="")
    year = models.IntegerField(default=1980)
    shelf = models.CharField(max_length=50, default="")
