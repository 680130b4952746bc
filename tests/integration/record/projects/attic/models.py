"""Models whose fields are stored, inherited, computed and described in every way."""

import django
from django.db import models
from django.db.models.query_utils import DeferredAttribute


class Amount:
    """A descriptor that is none of Django's, as fields for money and translations have them."""

    def __init__(self, field):
        self.field = field

    def __get__(self, instance, owner=None):
        if instance is None:
            return self
        return instance.__dict__[self.field.attname]

    def __set__(self, instance, value):
        instance.__dict__[self.field.attname] = value


class Closed(Amount):
    """Takes no other class."""

    __class__ = property(lambda self: Amount, lambda self, value: setattr(self, "", value))

    def __setattr__(self, name, value):
        if not name:
            raise TypeError("closed")
        super().__setattr__(name, value)


class AmountField(models.IntegerField):
    descriptor_class = Amount


class ClosedField(models.IntegerField):
    descriptor_class = Closed


class Shouting(DeferredAttribute):
    """Reads a value that is missing, and is never asked for one that is there."""

    def __get__(self, instance, owner=None):
        if instance is None:
            return self
        return str(super().__get__(instance, owner)).upper()


class ShoutedField(models.CharField):
    descriptor_class = Shouting


class Drawer(models.Model):
    label = models.CharField(max_length=20)
    depth = models.IntegerField(default=1)


class Note(models.Model):
    title = models.CharField(max_length=20)
    body = models.TextField()
    drawer = models.ForeignKey(Drawer, models.CASCADE, related_name="notes")


class Stamp(models.Model):
    note = models.ForeignKey(Note, models.CASCADE, related_name="stamps")


class Label(Note):
    class Meta:
        proxy = True


class Letter(Note):
    sender = models.CharField(max_length=20)
    seal = models.CharField(max_length=20, default="red")


class Odd(models.Model):
    """Its own code reads a field whenever an instance is made."""

    name = models.CharField(max_length=20)
    file = models.FileField()
    amount = AmountField(default=3)
    closed = ClosedField(default=4)
    shouted = ShoutedField(max_length=20, default="quiet")
    extra = models.JSONField(default=dict)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.first_name = self.__dict__.get("name") and self.name

    @classmethod
    def from_db(cls, db, field_names, values):
        made = super().from_db(db, field_names, values)
        made.was_loaded = True
        return made


if django.VERSION >= (5, 0):

    class Box(models.Model):
        side = models.IntegerField()
        area = models.GeneratedField(
            expression=models.F("side") * models.F("side"),
            output_field=models.IntegerField(),
            db_persist=True,
        )
