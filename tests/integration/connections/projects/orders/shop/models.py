"""Orders; whoever saves one tells the warehouse."""

from django.db import models
from django.db.models.signals import post_save
from django.dispatch import receiver

from shop.client import ask


class Order(models.Model):
    state = models.CharField(max_length=20)


@receiver(post_save, sender=Order)
def tell_warehouse(sender, instance, **kwargs):
    if instance.state == "saved":
        ask("/stock")
