from django.db import models


class Stamped(models.Model):
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        abstract = True

    def save(self, *args, **kwargs):
        super().save(*args, **kwargs)


class Tag(models.Model):
    name = models.CharField(max_length=20, unique=True)


class Order(Stamped):
    number = models.IntegerField(db_index=True)
    tags = models.ManyToManyField(Tag)

    def clean(self):
        pass


class PaidOrder(Order):
    paid = models.DateTimeField(null=True)


class OldOrder(Order):
    class Meta:
        proxy = True
