from django.db import models


class Item(models.Model):
    name = models.CharField(max_length=50)

    def __str__(self):
        return self.name


class Visit(models.Model):
    path = models.CharField(max_length=50)
