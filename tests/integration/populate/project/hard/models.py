import uuid

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import (
    ArrayField,
    DateRangeField,
    DateTimeRangeField,
    IntegerRangeField,
    RangeOperators,
)
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower, Now
from django.utils import timezone

from hard.fields import OnceField, SealedField, WordsField


class People(BaseUserManager):
    def create_user(self, email, password=None):
        person = self.model(email=email)
        person.set_password(password)
        person.save()
        return person


class Person(AbstractBaseUser):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(unique=True)
    nick = models.SlugField(max_length=20)
    is_active = models.BooleanField(default=True)
    born = models.DateField(null=True, blank=True)
    joined = models.DateTimeField(auto_now_add=True)
    changed = models.DateTimeField(auto_now=True)
    follows = models.ManyToManyField("self", symmetrical=False, through="Follow")
    friends = models.ManyToManyField("self")

    objects = People()
    USERNAME_FIELD = "email"

    class Meta:
        constraints = [models.UniqueConstraint(Lower("nick"), name="person_nick_once")]


class Follow(models.Model):
    source = models.ForeignKey(Person, models.CASCADE, related_name="+")
    target = models.ForeignKey(Person, models.CASCADE, related_name="+")
    since = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "target"], name="follow_once"),
            models.CheckConstraint(condition=~Q(source=F("target")), name="follow_others"),
        ]


class Country(models.Model):
    code = models.CharField(
        max_length=2, primary_key=True, validators=[RegexValidator(r"^[A-Z]{2}$")]
    )
    name = models.CharField(max_length=60, unique=True)


class Place(models.Model):
    country = models.ForeignKey(Country, models.PROTECT)
    name = models.CharField(max_length=80)
    rank = models.PositiveSmallIntegerField(unique=True, validators=[MinValueValidator(1)])
    above = models.ForeignKey("self", models.CASCADE, null=True, blank=True)
    chief = models.ForeignKey("Venue", models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        unique_together = [("country", "name")]


class Venue(Place):
    """Multi-table; its place may name it in turn."""

    seats = models.IntegerField(default=1)
    open_from = models.DateField()
    open_until = models.DateField()
    owner = models.OneToOneField(Person, models.CASCADE, null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(open_until__gt=F("open_from")), name="venue_open"),
        ]


class Stage(models.Model):
    venue = models.ForeignKey(Venue, models.CASCADE)
    position = models.PositiveSmallIntegerField()
    is_main = models.BooleanField(default=False)
    kind = models.CharField(max_length=5, choices=[("rock", "Rock"), ("folk", "Folk")])

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["venue", "position"], name="stage_position"),
            models.UniqueConstraint(
                fields=["venue"], condition=Q(is_main=True), name="stage_main_once"
            ),
        ]


class RockStage(Stage):
    class Meta:
        proxy = True


class Ticket(models.Model):
    class State(models.TextChoices):
        OPEN = "open"
        PAID = "paid"

    number = models.CharField(max_length=9, unique=True, validators=[RegexValidator(r"^T-\d{7}$")])
    person = models.ForeignKey(Person, models.CASCADE, to_field="email", related_name="tickets")
    stage = models.ForeignKey(Stage, models.CASCADE, null=True, blank=True)
    venue = models.ForeignKey(Venue, models.CASCADE, null=True, blank=True)
    state = models.CharField(max_length=4, choices=State.choices, default=State.OPEN)
    price = models.DecimalField(max_digits=8, decimal_places=2)
    secret = SealedField()
    words = WordsField()
    seats = ArrayField(models.IntegerField(), default=list)
    days = DateRangeField(null=True, blank=True)
    ages = IntegerRangeField()
    extra = models.JSONField(default=dict)
    scan = models.FileField(upload_to="scans/", blank=True)
    address = models.GenericIPAddressField(null=True, blank=True)
    took = models.DurationField()
    raw = models.BinaryField(default=b"")
    made = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(price__gte=0), name="ticket_price"),
            models.CheckConstraint(
                condition=Q(stage__isnull=True) ^ Q(venue__isnull=True), name="ticket_for_one"
            ),
        ]


class Rating(models.Model):
    person = models.ForeignKey(Person, models.CASCADE)
    kind = models.CharField(max_length=5, choices=[("look", "Look"), ("sound", "Sound")])
    content_type = models.ForeignKey(
        ContentType, models.CASCADE, limit_choices_to={"model__in": ["venue", "stage"]}
    )
    object_id = models.TextField()
    about = GenericForeignKey("content_type", "object_id")
    day = models.DateField()
    stars = models.SmallIntegerField(validators=[MinValueValidator(1)])

    class Meta:
        unique_together = [("person", "kind")]


class Booking(models.Model):
    venue = models.ForeignKey(Venue, models.CASCADE)
    days = DateRangeField()
    name = OnceField(max_length=30)

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="booking_once",
                expressions=[("days", RangeOperators.OVERLAPS), ("venue", RangeOperators.EQUAL)],
            )
        ]


class Shift(models.Model):
    person = models.ForeignKey(Person, models.CASCADE)
    start = models.DateTimeField()
    end = models.DateTimeField()

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="shift_once",
                expressions=[
                    (
                        models.Func(
                            "start", "end", function="tstzrange", output_field=DateTimeRangeField()
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                    ("person", RangeOperators.EQUAL),
                ],
            ),
            models.CheckConstraint(condition=Q(end__gt=F("start")), name="shift_ends"),
        ]


class Desk(models.Model):
    keeper = models.ForeignKey(
        Person, models.CASCADE, related_name="+", limit_choices_to={"is_active": False}
    )
    phase = models.CharField(max_length=8)
    address = models.GenericIPAddressField()
    word = models.CharField(max_length=20)
    lowered = models.GeneratedField(
        expression=Lower("word"),
        output_field=models.CharField(max_length=20),
        db_persist=True,
        unique=True,
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(phase__in=["am", "pm"]), name="desk_phase")
        ]


class Head(models.Model):
    """A cycle of required keys with Tail."""

    tail = models.ForeignKey("Tail", models.CASCADE, null=True, related_name="heads")
    name = models.CharField(max_length=30)


class Tail(models.Model):
    head = models.ForeignKey(Head, models.CASCADE, related_name="+")
    label = models.UUIDField(default=uuid.uuid4, unique=True)


class Click(models.Model):
    """In the other database."""

    person_id = models.UUIDField(db_index=True, default=uuid.uuid4)
    at = models.DateTimeField(auto_now_add=True)
    path = models.URLField()
