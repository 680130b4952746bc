from django.db.models.signals import m2m_changed, post_delete, post_save
from django.dispatch import receiver

from orders.models import Order, Tag


@receiver(post_save, sender=Order)
def saved(**kwargs):
    pass


@receiver(m2m_changed, sender=Order.tags.through)
def tagged(**kwargs):
    pass


class Listener:
    def deleted(self, **kwargs):
        pass


listener = Listener()
post_delete.connect(listener.deleted, sender=Tag)
