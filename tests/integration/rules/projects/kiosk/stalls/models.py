"""Models."""

from django.conf import settings
from django.db import models


class Category(models.Model):
    name = models.CharField(max_length=40)


class Product(models.Model):
    category = models.ForeignKey(Category, on_delete=models.CASCADE)
    name = models.CharField(max_length=40)
    photo = models.FileField(upload_to="photos", blank=True)
    stock = models.IntegerField(default=0)


class Order(models.Model):
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    product = models.ForeignKey(Product, on_delete=models.CASCADE)
