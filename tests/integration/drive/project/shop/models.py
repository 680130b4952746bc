from decimal import Decimal

import django
from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.contrib.contenttypes.models import ContentType
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse


def checked(name, condition):
    """A check constraint, which Django 5.1 renamed the argument of."""
    keyword = "condition" if django.VERSION >= (5, 1) else "check"
    return models.CheckConstraint(name=name, **{keyword: condition})


class Org(models.Model):
    name = models.CharField(max_length=60)
    slug = models.SlugField(unique=True)


class Event(models.Model):
    org = models.ForeignKey(Org, models.CASCADE, related_name="events")
    title = models.CharField(max_length=80)
    slug = models.SlugField()
    start = models.DateTimeField()
    end = models.DateTimeField()

    class Meta:
        unique_together = [("org", "slug")]


class TicketType(models.Model):
    event = models.ForeignKey(Event, models.CASCADE)
    name = models.CharField(max_length=30)


class Ticket(models.Model):
    event = models.ForeignKey(Event, models.CASCADE, related_name="tickets")
    type = models.ForeignKey(TicketType, models.CASCADE)
    holder = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    seat = models.PositiveSmallIntegerField(validators=[MaxValueValidator(40)])

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event", "seat"], name="one_seat")]


class Category(models.Model):
    name = models.CharField(max_length=40)
    parent = models.ForeignKey("self", models.CASCADE, null=True, related_name="children")


class Tag(models.Model):
    name = models.CharField(max_length=5, unique=True)


class Comment(models.Model):
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="comments")
    text = models.TextField()
    content_type = models.ForeignKey(ContentType, models.CASCADE)
    object_id = models.PositiveIntegerField()
    about = GenericForeignKey("content_type", "object_id")
    created = models.DateTimeField(auto_now_add=True)


class Item(models.Model):
    """The upper half of multi-table inheritance."""

    title = models.CharField(max_length=60)
    slug = models.SlugField(unique=True)
    published = models.BooleanField(default=False)
    category = models.ForeignKey(Category, models.PROTECT)


class Product(Item):
    price = models.DecimalField(
        max_digits=8, decimal_places=2, validators=[MinValueValidator(Decimal("0.01"))]
    )
    size = models.CharField(max_length=2, choices=[("S", "Small"), ("L", "Large")])
    tags = models.ManyToManyField(Tag)
    comments = GenericRelation(Comment)

    def get_absolute_url(self):
        return reverse("product", args=[self.slug])


class Order(models.Model):
    customer = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True)
    guest_email = models.EmailField(null=True)
    placed = models.DateTimeField()
    status = models.CharField(
        max_length=10, choices=[("draft", "Draft"), ("paid", "Paid"), ("cancelled", "Cancelled")]
    )
    details = models.JSONField(default=dict)
    low = models.IntegerField()
    high = models.IntegerField()

    class Meta:
        constraints = [
            checked("ordered", Q(low__lte=F("high"))),
            checked("someone", Q(customer__isnull=False) ^ Q(guest_email__isnull=False)),
            models.UniqueConstraint(
                fields=["customer"], condition=Q(status="draft"), name="one_draft"
            ),
        ]


class Line(models.Model):
    order = models.ForeignKey(Order, models.CASCADE, related_name="lines")
    product = models.ForeignKey(Product, models.PROTECT)
    number = models.PositiveIntegerField()

    class Meta:
        unique_together = [("order", "product")]


class Rating(models.Model):
    """A row per pair, which the pair itself identifies."""

    product = models.ForeignKey(Product, models.CASCADE)
    member = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    stars = models.SmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(5)])

    class Meta:
        constraints = [models.UniqueConstraint(fields=["product", "member"], name="rate_once")]


class Egg(models.Model):
    """Half of a cycle that nothing can fill."""

    hen = models.ForeignKey("Hen", models.CASCADE)


class Hen(models.Model):
    egg = models.ForeignKey(Egg, models.CASCADE)


if django.VERSION >= (5, 2):

    class Parcel(models.Model):
        """A key of two columns, a column the database computes, one it has a default for."""

        pk = models.CompositePrimaryKey("event_id", "number")
        event = models.ForeignKey(Event, models.CASCADE)
        number = models.PositiveIntegerField()
        width = models.IntegerField()
        area = models.GeneratedField(
            expression=F("width") * 2, output_field=models.IntegerField(), db_persist=True
        )
        label = models.CharField(max_length=20, db_default="none")
