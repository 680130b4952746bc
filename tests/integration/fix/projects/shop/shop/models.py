"""Orders and what belongs to them."""

from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models


class Country(models.Model):
    name = models.CharField(max_length=50)


class City(models.Model):
    name = models.CharField(max_length=50)
    country = models.ForeignKey(Country, models.CASCADE)

    def __str__(self):
        return f"{self.name}, {self.country.name}"


class Customer(models.Model):
    name = models.CharField(max_length=50)
    city = models.ForeignKey(City, models.CASCADE)


class OpenOrders(models.Manager):
    def get_queryset(self):
        return super().get_queryset().filter(is_open=True)


class Order(models.Model):
    number = models.CharField(max_length=50)
    is_open = models.BooleanField(default=True)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="orders")

    objects = models.Manager()
    open = OpenOrders()

    class Meta:
        ordering = ["id"]

    def __str__(self):
        return f"{self.number} of {self.customer.name}"


class Line(models.Model):
    order = models.ForeignKey(Order, models.CASCADE, related_name="lines")
    product = models.CharField(max_length=50)
    is_sent = models.BooleanField(default=False)

    class Meta:
        ordering = ["id"]


class Note(models.Model):
    content_type = models.ForeignKey(ContentType, models.CASCADE)
    object_id = models.PositiveIntegerField()
    about = GenericForeignKey()
    author = models.ForeignKey(Customer, models.CASCADE)


class Receipt(models.Model):
    """What is written by the pages that write."""

    order = models.ForeignKey(Order, models.CASCADE)
    text = models.CharField(max_length=50)
    is_read = models.BooleanField(default=False)


class Stamp(models.Model):
    order = models.ForeignKey(Order, models.CASCADE)
    changed = models.DateTimeField(auto_now=True)

    def save(self, *args, **kwargs):
        self.text = "stamped"
        super().save(*args, **kwargs)
