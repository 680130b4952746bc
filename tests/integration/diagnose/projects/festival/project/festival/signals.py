"""What follows from a write."""

from django.db.models.signals import post_save
from django.dispatch import receiver

from festival.models import Band, Entry, Membership, Option, Profile


@receiver(post_save, sender=Profile)
def count_profile(sender, instance, **kwargs):
    # ! repeated-query hoist | Option.objects.get(key="profiles")
    Option.objects.get(key="profiles")


@receiver(post_save, sender=Membership)
def greet(sender, instance, **kwargs):
    # ! n-plus-one in_bulk - | Band.objects.get(pk=instance.band_id)
    Band.objects.get(pk=instance.band_id)


@receiver(post_save, sender=Entry)
def nothing(sender, instance, **kwargs):
    return None
