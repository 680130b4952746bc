"""Books, their authors, notes about them."""

from __future__ import annotations

from django.db import models


class Author(models.Model):
    name = models.CharField(max_length=80)


class Book(models.Model):
    title = models.CharField(max_length=80)
    author = models.ForeignKey(Author, on_delete=models.CASCADE)
    price = models.IntegerField(default=3)


class Note(models.Model):
    book = models.ForeignKey(Book, on_delete=models.CASCADE)
    text = models.CharField(max_length=80)
    stars = models.IntegerField(default=0)
