from django.db import models


class Experiment(models.Model):
    name = models.SlugField(max_length=60, unique=True)
    share = models.PositiveSmallIntegerField(default=50)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self):
        return self.name

    def bucket(self, user_id):
        return "b" if hash((self.name, user_id)) % 100 < self.share else "a"
