import uuid

from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import F, Q


class Section(models.Model):
    slug = models.SlugField(max_length=40, unique=True)
    above = models.ForeignKey("self", models.CASCADE, null=True, blank=True)
    lead = models.ForeignKey("Story", models.SET_NULL, null=True, blank=True, related_name="+")


class Piece(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    section = models.ForeignKey(Section, models.CASCADE)
    title = models.CharField(max_length=90)
    made = models.DateTimeField(auto_now_add=True)


class Story(Piece):
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    words = models.PositiveIntegerField()
    pay = models.DecimalField(max_digits=8, decimal_places=2)
    both = models.GeneratedField(
        expression=F("words") * 2, output_field=models.IntegerField(), db_persist=True
    )
    extra = models.JSONField(default=dict)
    scan = models.BinaryField(default=b"")
    day = models.DateField(null=True, blank=True)
    at = models.TimeField()
    took = models.DurationField()
    fans = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="+")

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pay__gte=0), name="story_pay")]


class Badge(models.Model):
    def __init__(self, *args, **kwargs):
        """As some projects' models: refuses to be made of nothing."""
        if not args and "user" not in kwargs:
            raise TypeError("a badge is somebody's")
        super().__init__(*args, **kwargs)

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE)
    code = models.CharField(max_length=8, unique=True)


class Page(models.Model):
    story = models.ForeignKey(Story, models.CASCADE)
    number = models.PositiveSmallIntegerField()

    class Meta:
        unique_together = [("story", "number")]


class Mark(models.Model):
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    content_type = models.ForeignKey(
        ContentType, models.CASCADE, limit_choices_to={"model__in": ["section", "page"]}
    )
    object_id = models.PositiveBigIntegerField()
    about = GenericForeignKey()
