from django.db import models


class SiteFlag(models.Model):
    """A switch that support can throw without a deployment."""

    name = models.SlugField(max_length=40, unique=True)
    enabled = models.BooleanField(default=False)
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self):
        return self.name
