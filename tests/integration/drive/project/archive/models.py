from django.db import models


class Box(models.Model):
    label = models.CharField(max_length=20, primary_key=True)


class Entry(models.Model):
    box = models.ForeignKey(Box, models.CASCADE)
    title = models.CharField(max_length=50)
    written = models.DateField(unique=True)
