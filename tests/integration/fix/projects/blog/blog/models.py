"""Posts and what belongs to them."""

from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models


class Profile(models.Model):
    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE)
    nick = models.CharField(max_length=50)


class Blog(models.Model):
    name = models.CharField(max_length=50)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True)


class Tag(models.Model):
    name = models.CharField(max_length=50)


class PostQuerySet(models.QuerySet):
    def live(self):
        return self.filter(live=True)

    def recent(self):
        return self.live().order_by("-id")


class Post(models.Model):
    title = models.CharField(max_length=50)
    body = models.TextField(default="")
    live = models.BooleanField(default=True)
    blog = models.ForeignKey(Blog, models.CASCADE)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="posts")
    tags = models.ManyToManyField(Tag)

    objects = PostQuerySet.as_manager()

    class Meta:
        ordering = ["id"]

    def byline(self):
        return f"{self.author.username} in {self.blog.name}"


class Comment(models.Model):
    post = models.ForeignKey(Post, models.CASCADE, related_name="comments")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    text = models.CharField(max_length=50)


class Activity(models.Model):
    content_type = models.ForeignKey(ContentType, models.CASCADE)
    object_id = models.PositiveIntegerField()
    target = GenericForeignKey()
