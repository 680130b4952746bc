"""Bands, gigs and tickets: every kind of relation, and writes that have consequences."""

from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils.functional import cached_property


class Venue(models.Model):
    name = models.CharField(max_length=100)
    city = models.CharField(max_length=100, default="Ghent")

    def __str__(self):
        return self.name


class Genre(models.Model):
    name = models.CharField(max_length=50)


class Member(models.Model):
    name = models.CharField(max_length=100)


class Profile(models.Model):
    member = models.OneToOneField(Member, models.CASCADE, related_name="profile")
    photo = models.CharField(max_length=100, default="x.png")


class BandQuerySet(models.QuerySet):
    def touring(self):
        return self.filter(is_touring=True)


class Band(models.Model):
    name = models.CharField(max_length=100)
    bio = models.TextField(default="")
    is_touring = models.BooleanField(default=True)
    home = models.ForeignKey(Venue, models.CASCADE, related_name="residents", null=True)
    genres = models.ManyToManyField(Genre, related_name="played_by")
    members = models.ManyToManyField(Member, through="Membership", related_name="bands")

    objects = BandQuerySet.as_manager()

    def __str__(self):
        # ! n-plus-one select_related home | *
        return f"{self.name} of {self.home}"

    def first_genre(self):
        # ! n-plus-one prefetch_related genres | self.genres.first()
        return self.genres.first()

    @property
    def open_tickets(self):
        # ! repeated-query cache - | *
        return Ticket.objects.filter(gig__band=self, is_paid=False).count()

    @cached_property
    def paid_tickets(self):
        return Ticket.objects.filter(gig__band=self, is_paid=True).count()


class Membership(models.Model):
    band = models.ForeignKey(Band, models.CASCADE)
    member = models.ForeignKey(Member, models.CASCADE)
    since = models.IntegerField(default=2000)


class Gig(models.Model):
    title = models.CharField(max_length=100)
    band = models.ForeignKey(Band, models.CASCADE, related_name="gigs")
    venue = models.ForeignKey(Venue, models.CASCADE)
    is_cancelled = models.BooleanField(default=False)
    remarks = GenericRelation("Remark", "object_id", "content_type")

    @property
    def city(self):
        # ! n-plus-one select_related venue | self.venue
        return self.venue.city

    def cancel(self):
        self.is_cancelled = True
        # ! row-by-row-write bulk_update | self.save()
        self.save()


class Ticket(models.Model):
    gig = models.ForeignKey(Gig, models.CASCADE, related_query_name="admission")
    holder = models.ForeignKey(Member, models.CASCADE, null=True, related_name="+")
    is_paid = models.BooleanField(default=False)


class Remark(models.Model):
    text = models.CharField(max_length=100)
    content_type = models.ForeignKey(ContentType, models.CASCADE)
    object_id = models.PositiveIntegerField()
    subject = GenericForeignKey()


class Option(models.Model):
    key = models.CharField(max_length=50, unique=True)
    value = models.CharField(max_length=50)


class Entry(models.Model):
    """What happened, written by many."""

    text = models.CharField(max_length=100)
    band = models.ForeignKey(Band, models.CASCADE, null=True)
    count = models.IntegerField(default=0)


class Order(models.Model):
    """Its rows are numbered as they are saved, and each leaves a trace."""

    number = models.IntegerField(default=0)
    updated = models.DateTimeField(auto_now=True)

    def save(self, *args, **kwargs):
        self.number = self.number or 1
        # ! row-by-row-write bulk_create | super().save(*args, **kwargs)
        super().save(*args, **kwargs)


class Place(models.Model):
    name = models.CharField(max_length=100)


class Hall(Place):
    seats = models.IntegerField(default=0)


class Page(models.Model):
    """A wide row."""

    slug = models.CharField(max_length=50)
    body = models.TextField(default="")
    source = models.TextField(default="")
    layout = models.JSONField(default=dict)
    views = models.IntegerField(default=0)
    rank = models.IntegerField(default=0)
    updated = models.DateTimeField(auto_now=True)


class Folder(models.Model):
    name = models.CharField(max_length=50)
    parent = models.ForeignKey("self", models.CASCADE, null=True, related_name="children")


class Job(models.Model):
    name = models.CharField(max_length=50)
    progress = models.IntegerField(default=0)
    seen = models.DateTimeField(null=True)
