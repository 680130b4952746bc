from django.db.models.signals import post_save
from django.dispatch import receiver

from notifications.models import Notification

from .models import Post


@receiver(post_save, sender=Post)
def tell_followers(sender, instance, created, raw=False, **kwargs):
    if not created or raw or instance.status != Post.Status.PUBLISHED:
        return
    for follow in instance.author.followers.all():
        Notification.objects.create(
            recipient_id=follow.follower_id, actor=instance.author, verb="post", target=instance
        )
